//! What a training reports while it runs: the rows of history.csv.

/// Values of one log interval; losses are means over its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedRow {
    /// Steps done.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// Name and value of each quantity, in a fixed order for a stage.
    pub values: Vec<(&'static str, f64)>,
}

impl LoggedRow {
    /// The value called `name`.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
    }
}
