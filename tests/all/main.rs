mod fake_run;
mod floors;
mod report;
