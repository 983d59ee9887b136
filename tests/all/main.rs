mod classifier;
mod classifier_golden;
mod classifier_speed;
mod floors;
