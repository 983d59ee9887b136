//! What a person says of lists on the command line.

use crate::corpora::add::NamePattern;

/// The options of `seraug audit` that name columns.
#[derive(Debug, Default)]
pub struct ListChoices {
    /// The column of the utterance: a path or an id.
    pub utterance: Option<String>,
    /// The column of the speaker.
    pub speaker: Option<String>,
    /// The column of what is said.
    pub text: Option<String>,
    /// The column of the label.
    pub emotion: Option<String>,
    /// Columns of the part, one for each fold.
    pub part: Vec<String>,
    /// The column of the fold.
    pub fold: Option<String>,
    /// Finds the speaker in the name of an utterance.
    pub speaker_from: Option<NamePattern>,
    /// Finds the text in the name of an utterance.
    pub text_from: Option<NamePattern>,
}
