//! methods.tex and references.bib: what was done, as a paper would say it, made from the run.

use seraug_core::device::DeviceClass;
use seraug_core::run_files::CorpusInfo;
use seraug_core::spec::{Budget, FinalWeights, MelScale, Network, Protocol, ReductionMode, Schedule, Spec};
use seraug_core::text::plural;
use seraug_report::analysis::aggregate::{Unit, unit};
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::render::text_table::latex_escape;

/// The paper whose method the augmentor is.
const PAPER: &str = "wang2022";

/// The section on methods of a run.
pub(super) fn text(run: &LoadedRun) -> String {
    let head = format!(
        "% Made from run {} of {}; numbers and names are those of its spec.toml and run.toml.\n% References: references.bib.\n",
        run.dir.id(),
        run.info.experiment
    );
    let mut paragraphs = vec![data(run), protocol(run)];
    if !run.spec.is_scored() {
        paragraphs.extend([conditions(&run.spec), training(&run.spec)]);
    }
    paragraphs.extend([measures(run), computing(run)]);
    head + &paragraphs.into_iter().filter(|p| !p.is_empty()).map(|p| p + "\n").collect::<Vec<_>>().join("\n")
}

fn data(run: &LoadedRun) -> String {
    let corpus = |c: &CorpusInfo| {
        let cite = if c.citation.is_empty() { String::new() } else { format!("~\\cite{{{}}}", key(c)) };
        let synthetic = if c.synthetic { ", synthetic speech" } else { "" };
        let speakers = plural(c.speakers, "speaker");
        format!("{}{cite} ({} utterances, {speakers}{synthetic})", latex_escape(&c.name), c.used)
    };
    let corpora: Vec<String> = run.info.corpus.iter().map(corpus).collect();
    let classes = run.spec.classes.iter().map(|(name, labels)| {
        let labels: Vec<&str> = labels.iter().map(|l| l.name()).filter(|l| l != name).collect();
        match labels.is_empty() {
            true => latex_escape(name),
            false => format!("{} ({})", latex_escape(name), latex_escape(&labels.join(", "))),
        }
    });
    let classes: Vec<String> = classes.collect();
    let n = classes.len();
    format!("\\paragraph{{Data.}} We use {}. The {n} classes are {}.", join(&corpora), join(&classes))
}

fn protocol(run: &LoadedRun) -> String {
    let spec = &run.spec;
    let folds = run.groups().len();
    let how = match &spec.protocol {
        Protocol::LeaveOneSessionOut(_) => format!("leave-one-session-out cross-validation in {folds} folds"),
        Protocol::LeaveSpeakersOut(_) => {
            format!("{folds}-fold cross-validation by speaker: no speaker is in training and test of a fold")
        }
        Protocol::LeaveTextsOut(_) => {
            format!(
                "{folds}-fold cross-validation by text: no sentence is in training and test of a fold, speakers are"
            )
        }
        Protocol::FixedSplit(_) => "the split that the corpus itself defines".to_owned(),
        Protocol::SplitFile(_) => format!("{folds} folds that are listed in split.csv"),
        Protocol::CrossLingual(p) => format!(
            "cross-lingual transfer: a source corpus and a part of the target train, {:.0}\\,\\% of the target test; each seed draws its \
             own test set, by speaker where the corpus allows it",
            100.0 * p.test
        ),
        Protocol::Scored(_) => format!("the predictions of others in {}", plural(folds, "fold")),
    };
    let mut text = format!("\\paragraph{{Protocol.}} We use {how}.");
    if let Some(r) = spec.reduction.as_ref().filter(|r| r.share > 0.0) {
        let names = spec.class_names();
        let reduced: Vec<String> = spec.reduced_classes().iter().map(|&c| latex_escape(names[c])).collect();
        let mode = match r.mode {
            ReductionMode::Joint => "together",
            ReductionMode::PerClass => "one class at a time",
        };
        text += &format!(
            " In training, {:.0}\\,\\% of the utterances of {} are removed at random, {mode}, as in~\\cite{{{PAPER}}}; the test sets \
             stay whole.",
            100.0 * r.share,
            join(&reduced)
        );
    }
    let seeds: Vec<String> = spec.seeds.iter().map(u64::to_string).collect();
    text += &match (spec.is_scored(), seeds.as_slice()) {
        (true, _) => String::new(),
        (false, [one]) => format!(" Every condition is trained once in each fold (seed {one})."),
        (false, _) => format!(
            " Every condition is trained {} times in each fold (seeds {}).",
            seeds.len(),
            seeds.join(", ")
        ),
    };
    let overlaps = run.info.fold.iter().filter(|f| f.speakers_overlap).count();
    if overlaps > 0 {
        text += &format!(" In {} test speakers are also in training.", plural(overlaps, "fold"));
    }
    let texts = run.info.audit.iter().find(|a| !a.warns() && a.hits > 0);
    if let Some(a) = texts {
        text += &format!(
            " {:.0}\\,\\% of the test utterances say a sentence that is also said in training.",
            100.0 * a.hits as f64 / a.compared.max(1) as f64
        );
    }
    text
}

fn conditions(spec: &Spec) -> String {
    let condition = |c: &seraug_core::spec::Condition| {
        let label = latex_escape(c.label());
        let how = match c.augment.name() {
            "none" if c.unreduced => "on everything, nothing removed".to_owned(),
            "none" => "without augmentation".to_owned(),
            name => {
                let copies = c
                    .augment
                    .copies()
                    .map_or(String::new(), |(n, _)| format!(", {n} for each source utterance"));
                format!("augmentation \\texttt{{{}}}{copies}", latex_escape(name))
            }
        };
        format!("{label} ({how})")
    };
    let conditions: Vec<String> = spec.condition.iter().map(condition).collect();
    let paper = match spec.condition.iter().any(|c| c.augment.name() == "triplet-gan") {
        true => format!(" The augmentor and its losses are those of~\\cite{{{PAPER}}}."),
        false => String::new(),
    };
    format!(
        "\\paragraph{{Conditions.}} We compare {}.{paper} Every setting is in spec.toml.",
        join(&conditions)
    )
}

fn training(spec: &Spec) -> String {
    let (f, c) = (&spec.features, &spec.classifier);
    let Network::Vgg(vgg) = &c.network;
    let widths: Vec<String> = vgg.widths.iter().map(usize::to_string).collect();
    let schedule = match c.schedule {
        Schedule::Cosine => "a cosine schedule",
        Schedule::Constant => "a constant rate",
    };
    let budget = match c.budget {
        Budget::EqualSteps => {
            "counted on the set without augmentation, so that all conditions take as many steps"
        }
        Budget::EqualEpochs => "counted on the set of the condition",
    };
    let weights = match c.weights {
        FinalWeights::Last => "The weights of the last step are tested",
        FinalWeights::Average => "The mean of the weights over the last quarter of the steps is tested",
        FinalWeights::HeldOut => {
            "The weights of the check with the best UAR on a held-out training speaker are tested"
        }
    };
    format!(
        "\\paragraph{{Features and training.}} Recordings are mono at 16\\,kHz; features are {} log-mel bands ({} scale, Hann window of \
         {}\\,ms every {}\\,ms, {}-point FFT), standardised by mean and deviation of the training part. The classifier is a VGG with \
         widths {} on segments of {} frames, dropout {}, trained by Adam (learning rate {}, {schedule}) with batches of {} for {} epochs, \
         {budget}, and at least {} steps. {weights}; nothing is chosen on test data. An utterance gets the class with the most votes of \
         its segments.",
        f.mels,
        match f.mel_scale {
            MelScale::Slaney => "Slaney",
            MelScale::Htk => "HTK",
        },
        f.window_ms,
        f.hop_ms,
        f.n_fft,
        widths.join("--"),
        c.segment_frames,
        vgg.dropout,
        c.learning_rate,
        c.batch,
        c.epochs,
        c.min_steps
    )
}

fn measures(run: &LoadedRun) -> String {
    let scored = run.spec.is_scored();
    let units = match (unit(run), &run.spec.protocol) {
        (_, Protocol::CrossLingual(_)) => "seeds",
        (Unit::Fold, _) => "folds",
        (Unit::Seed, _) => "seeds",
    };
    let test = match &run.spec.protocol {
        Protocol::CrossLingual(_) => "the corrected resampled t-test~\\cite{nadeau2003}".to_owned(),
        _ => format!("Student's t-test over {units}, each averaged over its trainings"),
    };
    let tested = match (scored, unit(run)) {
        (true, Unit::Seed) => {
            "are those of the means, without a test, because seeds of two systems are no pairs".to_owned()
        }
        (true, Unit::Fold) => format!("are paired by fold and tested by {test}"),
        (false, _) => format!("are paired by fold and seed and tested by {test}"),
    };
    let conditions = if scored { "systems" } else { "conditions" };
    let main = match run.reduced().is_empty() {
        true => "the unweighted average recall (UAR)".to_owned(),
        false => format!(
            "the mean recall of the {} classes, beside the unweighted average recall (UAR)",
            run.reduced_word()
        ),
    };
    format!(
        "\\paragraph{{Measures.}} We report {main}. Intervals are of 95\\,\\%, Student's t over {units}. Differences of two {conditions} \
         {tested}; p values are corrected by Holm's method~\\cite{{holm1979}} over all pairs of a table."
    )
}

fn computing(run: &LoadedRun) -> String {
    let info = &run.info;
    if run.spec.is_scored() {
        return format!(
            "\\paragraph{{Computing.}} Predictions were scored by seraug {} (revision {}).",
            latex_escape(&info.version),
            latex_escape(&info.revision)
        );
    }
    let device = match info.device.class {
        DeviceClass::Cpu => format!("a CPU ({})", latex_escape(&info.device.name)),
        _ => latex_escape(&info.device.name),
    };
    format!(
        "\\paragraph{{Computing.}} All was computed by seraug {} (revision {}) with libtorch {} on {device}, in {}, from the seeds above; \
         the data digests are in run.toml.",
        latex_escape(&info.version),
        latex_escape(&info.revision),
        latex_escape(&info.libtorch),
        info.precision.name()
    )
}

/// References of `text`: BibTeX.
pub(super) fn bibliography(run: &LoadedRun) -> String {
    let corpora = run.info.corpus.iter().filter(|c| !c.citation.is_empty()).map(|c| {
        format!(
            "@misc{{{},\n  title = {{{{{}}}}},\n  note = {{{}}}\n}}\n",
            key(c),
            latex_escape(&c.name),
            latex_escape(&c.citation)
        )
    });
    let fixed = [
        "@inproceedings{wang2022,\n  author = {Wang, Shijun and Hemati, Hamed and Gu{\\dh}nason, J{\\'o}n and Borth, Damian},\n  title = \
         {Generative Data Augmentation Guided by Triplet Loss for Speech Emotion Recognition},\n  booktitle = {Proc. Interspeech},\n  \
         year = {2022}\n}\n",
        "@article{holm1979,\n  author = {Holm, Sture},\n  title = {A Simple Sequentially Rejective Multiple Test Procedure},\n  journal = \
         {Scandinavian Journal of Statistics},\n  volume = {6},\n  number = {2},\n  pages = {65--70},\n  year = {1979}\n}\n",
        "@article{nadeau2003,\n  author = {Nadeau, Claude and Bengio, Yoshua},\n  title = {Inference for the Generalization Error},\n  \
         journal = {Machine Learning},\n  volume = {52},\n  pages = {239--281},\n  year = {2003}\n}\n",
    ];
    corpora.chain(fixed.map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

fn key(corpus: &CorpusInfo) -> String {
    format!("corpus-{}", corpus.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
}

/// `a, b and c`.
fn join(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
