mod audio;
mod classifier;
mod classifier_golden;
mod classifier_speed;
mod common;
mod emodb;
mod floors;
mod mel;
