//! The texts of the codes, one entry for each.

use super::{AuditCode, CodeText, Severity};

/// That of `code`.
pub(super) fn of(code: AuditCode) -> &'static CodeText {
    TEXTS.iter().find(|text| text.code == code).unwrap_or(&TEXTS[0])
}

const UTTERANCES: (&str, &str) = ("utterance", "utterances");
const TESTED: (&str, &str) = ("test utterance", "test utterances");
const SPEAKERS: (&str, &str) = ("test speaker", "test speakers");
const FOLDS: (&str, &str) = ("fold", "folds");

const TEXTS: [CodeText; AuditCode::ALL.len()] = [
    CodeText {
        code: AuditCode::UtteranceOverlap,
        severity: Severity::Leak,
        unit: TESTED,
        said: "in training too",
        meaning: "The same utterance is trained on and tested: one name is in both lists, or two names that a corpus reads as one id.",
        why: "The classifier has seen the answer, so a part of the score measures memory. Kaufman, Rosset, Perlich and Stitelman \
            (Leakage in data mining, ACM TKDD 6(4), 2012) make the separation of what is learnt from and what is predicted the first rule \
            against leakage; Kapoor and Narayanan (Leakage and the reproducibility crisis in machine-learning-based science, Patterns 4(9), \
            2023) list a missing separation of training and test first among eight kinds of leakage.",
        change: "Take the utterances out of the training list and run the audit again. Where the lists are made by a script, draw the \
            test once, by whole speakers, and let training be what is left.",
    },
    CodeText {
        code: AuditCode::SpeakerOverlap,
        severity: Severity::Leak,
        unit: SPEAKERS,
        said: "in training too",
        meaning: "Speakers of the test have other utterances in training. The test then asks how well known voices are recognised, not \
            how well new ones are.",
        why: "A voice, its microphone and its habits come with every label, so a speaker who was heard in training is easier than a new \
            one. Saeb et al. (The need to approximate the use-case in clinical machine learning, GigaScience 6(5), 2017) show how \
            splitting by record in place of by person overestimates accuracy; Kapoor and Narayanan (Patterns 4(9), 2023) count \
            dependence between training and test as leakage. Schuller et al. (Acoustic emotion recognition: a benchmark comparison of \
            performances, ASRU 2009) leave speakers, or groups of them, out on every corpus. EMO-DB has ten speakers (Burkhardt et al., A \
            database of German emotional speech, Interspeech 2005), RAVDESS 24 (Livingstone and Russo, PLoS ONE 13(5), 2018): enough for \
            folds of whole speakers. Of EmoBox (Ma et al., Interspeech 2024), the lists of RAVDESS have no speaker on both sides, those \
            of EMO-DB have all ten on both sides of each fold: scores on the two do not answer the same question.",
        change: "Split by speaker: [protocol.leave-speakers-out] of an experiment here, GroupKFold with groups=speaker in \
            scikit-learn. Where known speakers are what the system will meet, say so beside the score and accept the finding with \
            --allow SPEAKER_OVERLAP.",
    },
    CodeText {
        code: AuditCode::ExcerptOverlap,
        severity: Severity::Leak,
        unit: TESTED,
        said: "overlapping in time with a stretch that is trained on",
        meaning: "Two utterances are stretches of one recording that overlap, and one is trained on while the other is tested. The same \
            sound is on both sides.",
        why: "It is the same as an utterance on both sides, for the seconds that are shared, and no comparison of names finds it. Windows \
            that overlap, cut before the split was drawn, are the usual cause. Kapoor and Narayanan (Patterns 4(9), 2023) count \
            duplicates in a data set as leakage.",
        change: "Split by whole recording first and cut afterwards, or give every stretch of a recording the part of the first.",
    },
    CodeText {
        code: AuditCode::DuplicateAudio,
        severity: Severity::Leak,
        unit: TESTED,
        said: "with the same sound as another utterance in training or validation",
        meaning: "Two utterances with different names have the same bytes, or the same samples in another file format, and only one of \
            them is in the test.",
        why: "It is an utterance on both sides under two names. Corpora have such pairs: two of RAVDESS's recordings are \
            byte for byte the same. Kapoor and Narayanan (Patterns 4(9), 2023) count duplicates in a data set as leakage; Barz and Denzler \
            (Do we train on test data?, Journal of Imaging 6(6), 2020) found them in the tests of well-known image data sets.",
        change: "Remove one of each pair, or put both on the same side.",
    },
    CodeText {
        code: AuditCode::NearDuplicateAudio,
        severity: Severity::Leak,
        unit: TESTED,
        said: "with nearly the same sound as another utterance in training or validation",
        meaning: "Two utterances with different names are one recording: encoded again, resampled, at another level, cut a little at its ends, \
            or one within the other. Fingerprints of their spectra agree far beyond what two takes of one sentence reach (docs/audit.md has \
            the measured margins).",
        why: "No digest finds such a pair, and the classifier hears the same take twice. Fingerprints of this kind go back to Haitsma and \
            Kalker (A highly robust audio fingerprinting system, ISMIR 2002). Barz and Denzler (Do we train on test data?, Journal of \
            Imaging 6(6), 2020) measured what near-duplicates do to the tests of image data sets. Corpora of emotions have them too: EMOVO one \
            recording under two sentences, URDU four pairs, one of them under two speakers.",
        change: "Listen to the pairs, then remove one of each or put both on the same side. Copies that were made on purpose, such as \
            augmented ones, belong into training alone, with their sources.",
    },
    CodeText {
        code: AuditCode::ValidationInTest,
        severity: Severity::Leak,
        unit: TESTED,
        said: "in validation too",
        meaning: "Utterances that epochs, settings or thresholds are chosen by are tested as well; often validation and test are one list.",
        why: "The model that is reported is then the one that is best on the test. Cawley and Talbot (On over-fitting in model selection \
            and subsequent selection bias in performance evaluation, JMLR 11, 2010) show that this bias can be as large as the \
            differences between methods.",
        change: "Take the validation out of the training speakers, or train for a fixed number of steps without any.",
    },
    CodeText {
        code: AuditCode::ValidationSpeakersInTest,
        severity: Severity::Leak,
        unit: SPEAKERS,
        said: "in validation too",
        meaning: "Other utterances of the test speakers choose epochs, settings or thresholds.",
        why: "The choice is fitted to the voices that are tested, so the test is not one of new speakers. It is the bias of selection of \
            Cawley and Talbot (JMLR 11, 2010), with the dependence between the sides that Kapoor and Narayanan (Patterns 4(9), 2023) \
            describe.",
        change: "Validate with speakers of their own: in a fold, one of the training speakers in place of one of the test. Where there \
            are too few speakers, use no validation, or accept it with --allow VALIDATION_SPEAKERS_IN_TEST and say so.",
    },
    CodeText {
        code: AuditCode::TextOverlap,
        severity: Severity::Warning,
        unit: ("test text", "test texts"),
        said: "in training too",
        meaning: "What is said in the test was said in training. In acted corpora that is the rule: EMO-DB has ten sentences, RAVDESS two.",
        why: "Every emotion is said in the same words there, so words give no label away, but they are known: the score is one for these \
            sentences and does not carry over to others (Burkhardt et al., Interspeech 2005; Livingstone and Russo, PLoS ONE 13(5), 2018). \
            Where texts go along with labels, as in films or calls, a system that hears words can recognise the text in place of the \
            emotion.",
        change: "State that texts are shared. To test new ones, leave them out: [protocol.leave-texts-out] of an experiment here, or \
            texts = \"disjoint\", which refuses them.",
    },
    CodeText {
        code: AuditCode::SpeakerUnknown,
        severity: Severity::Warning,
        unit: UTTERANCES,
        said: "whose speaker nobody says",
        meaning: "Nothing tells who speaks in these utterances, so that no speaker of theirs can be found on both sides.",
        why: "A split whose speakers are unknown cannot be called speaker-independent; the leak that is most common in this field is \
            the one that was not looked for (Kapoor and Narayanan, Patterns 4(9), 2023).",
        change: "Add a column speaker, name the one there is with --speaker COLUMN, find it in names with --speaker-from REGEX, or name \
            the corpus with --corpus NAME, whose names tell it.",
    },
    CodeText {
        code: AuditCode::SpeakerLookalike,
        severity: Severity::Warning,
        unit: SPEAKERS,
        said: "with a name like that of another speaker in training",
        meaning: "A speaker of the test and one of training have names that differ only in case, accents, punctuation, leading zeros or \
            letters that look alike: `Anna` and `anna`, `1` and `01`.",
        why: "Where they are one person, the speaker is on both sides, and a comparison of names does not see it. The letters that look \
            alike are those of Unicode Technical Standard 39.",
        change: "Give one person one spelling in the list; where they are two, nothing is to be done.",
    },
    CodeText {
        code: AuditCode::NameAmbiguous,
        severity: Severity::Warning,
        unit: TESTED,
        said: "with the file name of another utterance in training",
        meaning: "Lists with different folders have the same file name, and nothing that is known tells the two utterances apart: \
            `/home/a/wav/7.wav` in one list, `/data/7.wav` in the other.",
        why: "Where they are one recording, it is trained on and tested, and paths do not show it. A check by path that passes says \
            nothing then.",
        change: "Write paths from the same folder in all lists, name the corpus with --corpus NAME, or compare the recordings with \
            --audio DIR.",
    },
    CodeText {
        code: AuditCode::RecordingShared,
        severity: Severity::Warning,
        unit: TESTED,
        said: "cut from a recording of which training has other stretches",
        meaning: "One recording is cut into utterances on both sides. They do not overlap, but they share the talk, the room and the \
            microphone, and mostly a speaker.",
        why: "What is constant in a recording goes along with its labels, and can be recognised in their place: the dependence between \
            training and test that Kapoor and Narayanan (Patterns 4(9), 2023) count as leakage.",
        change: "Keep all stretches of a recording on one side, or state that recordings are shared.",
    },
    CodeText {
        code: AuditCode::ClassMissing,
        severity: Severity::Warning,
        unit: ("class", "classes"),
        said: "missing in the training or the test of a fold",
        meaning: "A class of the split has no utterance in the test of a fold, or none in its training.",
        why: "Unweighted average recall, the measure of the field since the INTERSPEECH 2009 Emotion Challenge (Schuller, Steidl and \
            Batliner, Interspeech 2009), is a mean over classes. A fold without a class averages over fewer, so folds are not alike and \
            programs disagree on what to divide by; a class that is not in training is never recognised.",
        change: "Draw folds so that each side has every class, pool the confusion counts of all folds before recalls are taken, or leave \
            the class out of the task.",
    },
    CodeText {
        code: AuditCode::TestEmpty,
        severity: Severity::Warning,
        unit: FOLDS,
        said: "without a test utterance",
        meaning: "A fold has training utterances and nothing to test them on.",
        why: "Nothing can be measured in it, and an average over folds is over fewer than are stated. A list that was not given, or a word \
            that is not understood, is the usual cause.",
        change: "Give the missing list, or name the column with --part COLUMN. Words that are read are train, validation, dev, test and eval.",
    },
    CodeText {
        code: AuditCode::TrainingEmpty,
        severity: Severity::Warning,
        unit: FOLDS,
        said: "without a training utterance",
        meaning: "A fold has test utterances and nothing to train on, so that nothing in it can be compared with the test.",
        why: "No check of leakage says anything of such a fold. A list that was not given, or a word that is not understood, is the \
            usual cause.",
        change: "Give the missing list, or name the column with --part COLUMN. Words that are read are train, validation, dev, test and eval.",
    },
    CodeText {
        code: AuditCode::ValidationInTraining,
        severity: Severity::Warning,
        unit: ("validation utterance", "validation utterances"),
        said: "in training too",
        meaning: "Utterances that epochs, settings or thresholds are chosen by are trained on as well.",
        why: "The test stays unseen, but the choice is blind to overfitting: the last epoch always looks best on what was trained on. \
            Comparisons of methods that are chosen so favour the one that memorises more (Cawley and Talbot, JMLR 11, 2010).",
        change: "Take the validation out of the training list.",
    },
    CodeText {
        code: AuditCode::RowsContradict,
        severity: Severity::Warning,
        unit: UTTERANCES,
        said: "whose rows name different speakers, texts, labels or digests",
        meaning: "Rows of one utterance, in one list or in several, do not agree on what it is; the first row counts here.",
        why: "A label that differs between lists makes scores on them incomparable, and a speaker that differs hides an overlap.",
        change: "Correct the rows, or name the column that was meant with --speaker, --text or --emotion.",
    },
    CodeText {
        code: AuditCode::AudioMissing,
        severity: Severity::Warning,
        unit: UTTERANCES,
        said: "whose recording could not be compared",
        meaning: "With --audio DIR, no recording of these utterances was found below the folder, or it cannot be read, or it is too short or too \
            steady for a fingerprint.",
        why: "Duplicates among them are not found, so that the audit says less than it seems to. A fingerprint needs half a second of sound \
            that changes.",
        change: "Name the folder below which all recordings are. They are found by the ends of their paths, whatever their extension.",
    },
    CodeText {
        code: AuditCode::ValidationSpeakersInTraining,
        severity: Severity::Note,
        unit: ("validation speaker", "validation speakers"),
        said: "in training too",
        meaning: "Epochs, settings or thresholds are chosen by utterances of speakers that are trained on.",
        why: "The test is not touched, but what is best for known voices is chosen for new ones: mostly a later epoch than new speakers would \
            choose (Saeb et al., GigaScience 6(5), 2017, on splits by record and by person).",
        change: "Where there are enough speakers, validate with some of their own.",
    },
    CodeText {
        code: AuditCode::UtteranceRepeated,
        severity: Severity::Note,
        unit: UTTERANCES,
        said: "listed more than once in a part",
        meaning: "One utterance has several rows in the training, the validation or the test of a fold.",
        why: "In training it weighs more, which may be wanted; in the test it counts more than once, so that recalls and intervals are of fewer \
            utterances than they seem to be.",
        change: "Remove rows that are there twice from the test. In training, weights or a sampler say the same more clearly.",
    },
    CodeText {
        code: AuditCode::TestedTwice,
        severity: Severity::Note,
        unit: UTTERANCES,
        said: "in the test of several folds",
        meaning: "Test sets of different folds share utterances: the folds are draws with repetition, not a partition.",
        why: "Counts that are pooled over folds count these utterances more than once, and folds are not independent, so that an interval over \
            them is too narrow.",
        change: "Partition the utterances, or state that tests overlap and take intervals over speakers.",
    },
];
