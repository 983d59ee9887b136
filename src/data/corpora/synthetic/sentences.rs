//! Texts: sentences written for this corpus, about everyday things and without emotional content. Every emotion draws from the
//! same pool, so that words do not reveal the label.

/// A language of the corpus: those of the paper's corpora (IEMOCAP, EMO-DB, EMOVO, ESD).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// German.
    De,
    /// English.
    En,
    /// Italian.
    It,
    /// Mandarin.
    Zh,
}

impl Language {
    /// In the order of their codes.
    pub const ALL: [Language; 4] = [Language::De, Language::En, Language::It, Language::Zh];

    /// ISO 639-1.
    pub fn code(self) -> &'static str {
        match self {
            Language::De => "de",
            Language::En => "en",
            Language::It => "it",
            Language::Zh => "zh",
        }
    }

    /// The voice of espeak-ng. Its `cmn` (1.51) reads the pinyin that it makes of Chinese characters as
    /// English words ("jiu three"); `cmn-latn-pinyin` speaks them, with tone sandhi.
    pub fn voice(self) -> &'static str {
        match self {
            Language::De => "de",
            Language::En => "en-us",
            Language::It => "it",
            Language::Zh => "cmn-latn-pinyin",
        }
    }

    /// Between two phrases of a sentence.
    pub fn space(self) -> &'static str {
        if self == Language::Zh { "" } else { " " }
    }

    /// The marks that end a statement, an exclamation and a question.
    pub fn terminals(self) -> [char; 3] {
        if self == Language::Zh { ['。', '！', '？'] } else { ['.', '!', '?'] }
    }

    /// One sentence a line, `|` where its second phrase begins, a full stop at its end.
    pub fn text(self) -> &'static str {
        match self {
            Language::De => include_str!("sentences/de.txt"),
            Language::En => include_str!("sentences/en.txt"),
            Language::It => include_str!("sentences/it.txt"),
            Language::Zh => include_str!("sentences/zh.txt"),
        }
    }

    /// The two phrases of every sentence, without the final full stop.
    pub fn sentences(self) -> Vec<[&'static str; 2]> {
        let split = |line: &'static str| {
            let (first, second) = line.split_once('|').unwrap_or((line, ""));
            [first.trim(), second.trim().trim_end_matches(self.terminals()[0])]
        };
        self.text().lines().filter(|l| !l.is_empty()).map(split).collect()
    }
}
