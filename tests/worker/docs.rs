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
    let short = "--device cpu --set classifier.min-steps=5 --set classifier.epochs=1";
    for block in &mut all {
        for command in ["seraug run calls.toml", "seraug train-final calls.toml"] {
            block.text = block.text.replace(command, &format!("{command} {short}"));
        }
        let aug = format!("seraug run aug.toml {short} --set augmentor.iterations=2");
        block.text = block.text.replace("seraug run aug.toml", &aug);
    }
    let answers = run(&all);
    let [_, _, _, _, table, status, compared, trained, predicted, exported, generated] = &answers[..] else {
        panic!("{} blocks: {answers:?}", answers.len())
    };
    assert!(table.contains("vs NoAUG") && table.contains("page: reports/calls/"), "{table}");
    assert!(status.contains("12 of 12") || status.contains("12 done"), "{status}");
    assert!(compared.contains("spec reduction.share: A 0.0, B 0.5"), "{compared}");
    assert!(trained.contains("estimate: UAR ") && trained.contains("4 cells of calls/"), "{trained}");
    assert!(
        predicted.starts_with("file,start,end,segments,predicted,p_calm,p_stressed,p_irritated\nnew.wav,"),
        "{predicted}"
    );
    assert!(exported.contains("model.onnx") && exported.contains("exported: my-model"), "{exported}");
    for part in ["2 samples of 1 recording in samples", "324 added", "the same, bit for bit", "exported: set"]
    {
        assert!(generated.contains(part), "{part}: {generated}");
    }
}
