//! The sections of docs/spec.md and the fields of each.

/// The fields of an experiment in the order in which a person writes one: heading, introduction, fields.
pub(super) const GROUPS: [(&str, &str, &[&str]); 5] = [
    (
        "Data and classes",
        "What is read, and what the classifier tells apart.",
        &["title", "corpus", "languages", "label", "classes", "valence", "languages-of"],
    ),
    (
        "Folds and seeds",
        "Which utterances train and which test. A cell is trained for each condition, fold and seed.",
        &["protocol", "reduction", "seeds", "texts", "train-on-all"],
    ),
    (
        "Conditions",
        "What is compared: each condition is one way of training the classifier on the same folds.",
        &["condition"],
    ),
    (
        "Networks and training",
        "Sizes and settings; the defaults are the paper's.",
        &[
            "preset",
            "precision",
            "features",
            "augmentor",
            "discriminator",
            "representation",
            "autoencoder",
            "bagan",
            "latent-gan",
            "latent-diffusion",
            "viewmaker",
            "stargan",
            "classifier",
        ],
    ),
    (
        "Reports and clusters",
        "What is shown beside the results, and where cells run. None of it changes a number.",
        &["note", "embedding", "judge", "published", "counterpart", "slurm"],
    ),
];
