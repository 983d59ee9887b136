//! Recognises failures for lack of memory and says what to change.

use seraug_core::spec::Spec;
use seraug_core::store::Stage;

/// Phrases of libtorch and CUDA when the memory of a device runs out.
const CUDA: [&str; 5] = [
    "CUDA out of memory",
    "CUDA error: out of memory",
    "cudaErrorMemoryAllocation",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
];
/// Phrases of libtorch, C++ and Rust when the memory of the host runs out.
const HOST: [&str; 5] = [
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "std::bad_alloc",
    "memory allocation of ",
    "Cannot allocate memory",
];

/// One line about a failure of `stage` with this text: which device has too little memory, how much was requested and what to
/// change; none where memory is not the reason.
pub fn advice(text: &str, stage: Stage, spec: &Spec) -> Option<String> {
    let has = |phrases: &[&str]| phrases.iter().any(|p| text.contains(p));
    let device = match (has(&CUDA), has(&HOST)) {
        (true, _) => match amount(text, "GPU ").and_then(|n| n.parse::<u32>().ok()) {
            Some(number) => format!("on cuda:{number}"),
            None => "on the GPU".to_owned(),
        },
        (false, true) => "on the host".to_owned(),
        (false, false) => return None,
    };
    let free = amount(text, "of which ").zip(amount(text, "total capacity of "));
    let facts: Vec<String> = requested(text)
        .map(|amount| format!("{amount} requested"))
        .into_iter()
        .chain(free.map(|(free, all)| format!("{free} of {all} free")))
        .collect();
    let colon = if facts.is_empty() { "" } else { ": " };
    Some(format!("out of memory {device}{colon}{}; {}", facts.join(", "), remedy(stage, spec)))
}

/// What to change where `stage` needs more memory than there is. It also applies to a process that was killed for that and left
/// no text.
pub fn remedy(stage: Stage, spec: &Spec) -> String {
    let batches = match stage {
        Stage::Autoencoder => vec![("autoencoder.batch", spec.autoencoder().batch)],
        Stage::Augmentor => trained_batches(spec),
        Stage::Judge => spec.judge.iter().map(|judge| ("judge.batch", judge.batch)).collect(),
        Stage::Classifier => vec![
            ("classifier.batch", spec.classifier.batch),
            ("classifier.small-batch", spec.classifier.small_batch),
        ],
    };
    let halves: Vec<String> = batches
        .into_iter()
        .filter(|(_, batch)| *batch > 1)
        .map(|(key, batch)| format!("--set {key}={}", batch / 2))
        .collect();
    if halves.is_empty() {
        return "run fewer --jobs there".to_owned();
    }
    format!("run fewer --jobs there, or another experiment of half the batch: {}", halves.join(" "))
}

/// The batches of the generators that the conditions train, each once; the augmentor's where they train none.
fn trained_batches(spec: &Spec) -> Vec<(&'static str, usize)> {
    let mut batches: Vec<(&'static str, usize)> = Vec::new();
    for c in &spec.condition {
        let batch = c.augment.generator().and_then(|g| g.batch_field(spec));
        batches.extend(batch.filter(|b| !batches.contains(b)));
    }
    if batches.is_empty() { vec![("augmentor.batch", spec.augmentor.batch)] } else { batches }
}

/// The amount that was requested: as CUDA writes it, such as `2.00 GiB`, or converted from the bytes of the host.
fn requested(text: &str) -> Option<String> {
    let bytes = |word: String| {
        let bytes: f64 = word.parse().ok()?;
        let unit = [(1u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        let (size, unit) = unit.into_iter().find(|(size, _)| bytes >= *size as f64).unwrap_or((1, "bytes"));
        Some(format!("{:.2} {unit}", bytes / size as f64))
    };
    amount(text, "Tried to allocate ")
        .or_else(|| amount(text, "you tried to allocate ").and_then(bytes))
        .or_else(|| amount(text, "memory allocation of ").and_then(bytes))
}

/// The number that follows an occurrence of `before`, with its unit where that is one of memory.
fn amount(text: &str, before: &str) -> Option<String> {
    let digits = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let mut after = text.match_indices(before).map(|(at, _)| &text[at + before.len()..]);
    let mut words = after.find(|rest| digits(rest))?.split_whitespace();
    let plain = |word: &str| word.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let number = plain(words.next()?);
    let units = ["KiB", "MiB", "GiB", "TiB"];
    match words.next().map(plain).filter(|unit| units.contains(&unit.as_str())) {
        Some(unit) => Some(format!("{number} {unit}")),
        None => Some(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::spec::parse;

    fn spec(sets: &[&str]) -> Spec {
        let text = r#"title = "t"
corpus = "any"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
condition = [{ name = "no-aug" }]
"#;
        parse(text, "x.toml", &sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    /// As tch panics with it: the text of libtorch with its frames, printed for programmers.
    const CUDA_2_11: &str = "called `Result::unwrap()` on an `Err` value: Torch(\"CUDA out of memory. Tried to \
        allocate 2.00 GiB. GPU 1 has a total capacity of 79.11 GiB of which 1.06 GiB is free. Process 2519 has \
        78.04 GiB memory in use. Of the allocated memory 77.34 GiB is allocated by PyTorch, and 71.02 MiB is \
        reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting \
        PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.  See documentation for Memory \
        Management  (https://docs.pytorch.org/docs/stable/notes/cuda.html)\\nException raised from malloc at \
        /pytorch/c10/cuda/CUDACachingAllocator.cpp:1550 (most recent call first):\\nframe #0: c10::Error::Error\")";
    const CUDA_1_10: &str = "Internal torch error: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 3.95 \
        GiB total capacity; 3.16 GiB already allocated; 2.69 MiB free; 3.19 GiB reserved in total by PyTorch)";
    const WINDOWS: &str = "[enforce fail at alloc_cpu.cpp:81] data. DefaultCPUAllocator: not enough memory: you \
        tried to allocate 1981808640 bytes.";

    #[test]
    fn the_texts_of_cuda_and_of_the_host() {
        let spec = spec(&["augmentor.batch=9", "classifier.batch=32", "classifier.small-batch=1"]);
        let fewer = "run fewer --jobs there, or another experiment of half the batch";
        for (text, stage, expected) in [
            (
                CUDA_2_11,
                Stage::Classifier,
                format!(
                    "on cuda:1: 2.00 GiB requested, 1.06 GiB of 79.11 GiB free; {fewer}: --set classifier.batch=16"
                ),
            ),
            (
                CUDA_1_10,
                Stage::Augmentor,
                format!("on cuda:0: 20.00 MiB requested; {fewer}: --set augmentor.batch=4"),
            ),
            (
                WINDOWS,
                Stage::Augmentor,
                format!("on the host: 1.85 GiB requested; {fewer}: --set augmentor.batch=4"),
            ),
            (
                "memory allocation of 4194304 bytes failed",
                Stage::Augmentor,
                format!("on the host: 4.00 MiB requested; {fewer}: --set augmentor.batch=4"),
            ),
            (
                "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
                Stage::Augmentor,
                format!("on the GPU; {fewer}: --set augmentor.batch=4"),
            ),
            (
                "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
                Stage::Augmentor,
                format!("on the GPU; {fewer}: --set augmentor.batch=4"),
            ),
        ] {
            assert_eq!(advice(text, stage, &spec), Some(format!("out of memory {expected}")));
        }
        for other in
            ["CUDA error: device-side assert triggered", "augmentor training: rep is NaN at step 3", ""]
        {
            assert_eq!(advice(other, Stage::Augmentor, &spec), None);
        }
    }

    #[test]
    fn a_batch_of_one_is_not_halved() {
        assert_eq!(remedy(Stage::Augmentor, &spec(&["augmentor.batch=1"])), "run fewer --jobs there");
    }
}
