//! The tutorial from its first block to its last, with short trainings.

use seraug_test_support::common::root;
use seraug_test_support::documents::{blocks, run};

#[test]
fn every_block_of_the_tutorial_runs() {
    if !std::path::Path::new("/usr/bin/espeak-ng").exists() {
        println!("SKIPPED: espeak-ng is not installed");
        return;
    }
    let text = std::fs::read_to_string(root().join("docs/tutorial.md")).unwrap();
    let mut all = blocks(&text);
    let short = "seraug run mine.toml --device cpu --set classifier.min-steps=5 --set classifier.epochs=1";
    for block in &mut all {
        block.text = block.text.replace("seraug run mine.toml", short);
        let aug = short.replace("mine.toml", "aug.toml") + " --set augmentor.iterations=2";
        block.text = block.text.replace("seraug run aug.toml", &aug);
    }
    let answers = run(&all);
    let [_, _, table, status, compared, predicted, exported, generated] = &answers[..] else {
        panic!("{} blocks: {answers:?}", answers.len())
    };
    assert!(table.contains("vs NoAUG") && table.contains("page: reports/mine/"), "{table}");
    assert!(status.contains("6 of 6") || status.contains("6 done"), "{status}");
    assert!(compared.contains("spec reduction.share: A 0.8, B 0.5"), "{compared}");
    assert!(
        predicted.starts_with("file,start,end,segments,predicted,p_neutral,p_happy,p_sad\nnew.wav,"),
        "{predicted}"
    );
    assert!(exported.contains("model.onnx") && exported.contains("exported: my-model"), "{exported}");
    for part in ["2 samples of 1 recording in samples", "48 added", "the same, bit for bit", "exported: set"]
    {
        assert!(generated.contains(part), "{part}: {generated}");
    }
}
