//! What some tests need and a machine may lack. A test that goes without prints SKIPPED; under `CI=true` it fails instead,
//! unless the requirement says here why continuous integration cannot meet it.

/// Something outside the checkout that a test needs.
#[derive(Debug)]
pub struct Requirement {
    /// How to get it.
    pub how: &'static str,
    /// Why continuous integration goes without; `None` where `.ci/run` provides it.
    pub excuse: Option<&'static str>,
}

/// Recordings of a corpus.
pub const RECORDINGS: Requirement = Requirement {
    how: "set SERAUG_CORPORA to the folder that holds it",
    excuse: Some("the licences of the corpora do not allow audio in the repository"),
};

/// The fold lists of EmoBox: names and labels, no audio.
pub const EMOBOX: Requirement = Requirement {
    how: "set SERAUG_EMOBOX to a folder with the lists of emo-box/EmoBox, emodb/fold_1 and so on",
    excuse: Some("the lists are another project's"),
};

/// Permission to mount a file system.
pub const MOUNTS: Requirement = Requirement {
    how: "run the tests as root, outside of a container or in a privileged one",
    excuse: Some("an unprivileged container may not mount anything"),
};

/// LaTeX with booktabs.
pub const LATEX: Requirement =
    Requirement { how: "apt-get install --no-install-recommends texlive-latex-recommended", excuse: None };

/// The headers of CUDA, which native/build.sh downloads from PyPI.
pub const CUDA_HEADERS: Requirement = Requirement {
    how: "unset LIBTORCH or point it at the torch folder of a wheel with CUDA, and check the network",
    excuse: None,
};

impl Requirement {
    /// Says that a test is skipped since `what` is missing.
    ///
    /// # Panics
    /// Under `CI=true`, where there is no excuse.
    pub fn skip(&self, what: &str) {
        let ci = std::env::var_os("CI").is_some_and(|v| v == "true");
        match self.excuse {
            Some(excuse) if ci => eprintln!("SKIPPED: {what}: {excuse}"),
            None if ci => panic!("{what}: {}; in CI this test must not be skipped", self.how),
            _ => eprintln!("SKIPPED: {what}: {}", self.how),
        }
    }
}
