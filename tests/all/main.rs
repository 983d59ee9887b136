mod floors;
mod gan;
mod gan_golden;
