mod binary;
mod bootstrap;
mod classifier;
mod classifier_golden;
mod classifier_speed;
mod doctor;
mod floors;
