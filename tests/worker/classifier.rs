//! Training the classifier on toy sounds.

use crate::fixtures::classifier::{Toy, accuracy, run, toy_spec};
use seraug_core::error::Error;
use seraug_core::rng::Seed;
use seraug_core::spec::{self, Budget, ClassifierLoss, FinalWeights, Network, Sampling};
use seraug_train::classifier::predict::predict;
use seraug_train::classifier::{ClassifierTask, train};
use seraug_train::history::LoggedRow;

#[test]
fn movements_of_a_tone_are_learnt_with_every_choice_of_weights() {
    let (toy, test) = (Toy::new(1, [40; 3], 4, 0), Toy::new(2, [40; 3], 4, 0));
    // The last is by Winograd's convolutions.
    for (weights, batch_norm, widths) in [
        (FinalWeights::Last, false, [4, 8, 8, 16, 16]),
        (FinalWeights::Average, true, [4, 8, 8, 16, 16]),
        (FinalWeights::HeldOut, false, [4, 8, 8, 16, 16]),
        (FinalWeights::Last, false, [16; 5]),
    ] {
        let mut spec = spec::Classifier { weights, ..toy_spec(300) };
        let Network::Vgg(vgg) = &mut spec.network;
        (vgg.batch_norm, vgg.widths) = (batch_norm, widths);
        let (net, rows) = run(&toy.task(&spec, &toy.originals));
        let got = accuracy(&net, &spec, &test);
        assert!(got > 0.95, "{weights:?}: {got}");
        let (first, last) = (&rows[0], &rows[rows.len() - 1]);
        assert_eq!((rows.len(), last.step, last.steps), (12, 300, 300));
        assert!(
            last.get("loss") < first.get("loss") && last.get("train_accuracy") > first.get("train_accuracy")
        );
        assert!(last.get("predicted_entropy").unwrap() > 0.9 && last.get("rate").unwrap() < 1e-6);
        assert_eq!(last.get("held_out_uar").is_some(), weights == FinalWeights::HeldOut);
    }
}

#[test]
fn a_training_repeats_bit_for_bit_and_the_seed_matters() {
    let toy = Toy::new(1, [8, 12, 5], 2, 0);
    let spec = toy_spec(20);
    let task = toy.task(&spec, &toy.originals);
    let ((a, rows_a), (b, rows_b)) = (run(&task), run(&task));
    assert_eq!(a.params().flat(), b.params().flat());
    assert_eq!(rows_a, rows_b);
    let (c, _) = run(&ClassifierTask { seed: Seed::new(2), ..task });
    assert_ne!(a.params().flat(), c.params().flat());
    let all = predict(&a, &spec, &toy.bank, &toy.originals);
    assert_eq!(all, predict(&b, &spec, &toy.bank, &toy.originals));
    assert_eq!(predict(&a, &spec, &toy.bank, &[3, 1, 3])[2].class, all[3].class);
    assert!(all.iter().all(|p| (p.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9));
}

#[test]
fn equal_steps_are_equal_for_copies_and_none() {
    let toy = Toy::new(1, [6; 3], 2, 2);
    let with_copies: Vec<usize> = (0..54).chain(0..18).collect();
    let steps = |budget, items: &[usize]| {
        let spec = spec::Classifier { budget, epochs: 3, small_batch: 4, ..toy_spec(1) };
        let (_, rows) = run(&toy.task(&spec, items));
        rows.last().unwrap().step
    };
    let segments: usize = toy.bank.lens()[..18].iter().map(|len| 1 + usize::from(*len > 64)).sum();
    let own = steps(Budget::EqualSteps, &toy.originals);
    assert_eq!(own, 3 * segments.div_ceil(4));
    assert_eq!(own, steps(Budget::EqualSteps, &with_copies));
    assert!(steps(Budget::EqualEpochs, &with_copies) > 3 * own);
}

#[test]
fn mixup_learns_in_the_same_steps_and_repeats() {
    let (toy, test) = (Toy::new(1, [40; 3], 4, 0), Toy::new(2, [40; 3], 4, 0));
    let spec = toy_spec(300);
    let task = ClassifierTask { mixup: Some(0.2), ..toy.task(&spec, &toy.originals) };
    assert_eq!(task.pace(), toy.task(&spec, &toy.originals).pace());
    let (net, rows) = run(&task);
    let got = accuracy(&net, &spec, &test);
    assert!(got > 0.9 && rows.last().unwrap().step == 300, "{got}");
    // Half-and-half batches cannot be told as surely as whole ones.
    let even = run(&ClassifierTask { mixup: Some(1000.0), ..task }).1;
    let plain = run(&toy.task(&spec, &toy.originals)).1;
    let loss = |rows: &[LoggedRow]| rows.last().unwrap().get("loss").unwrap();
    assert!(loss(&even) > loss(&rows) && loss(&rows) > loss(&plain), "{} {}", loss(&even), loss(&rows));

    let short = toy_spec(20);
    let task = ClassifierTask { mixup: Some(0.2), ..toy.task(&short, &toy.originals) };
    let weights = |task: &ClassifierTask| run(task).0.params().flat().copy();
    assert_eq!(weights(&task), weights(&task));
    assert_ne!(weights(&task), weights(&ClassifierTask { mixup: Some(0.4), ..task }));
    assert_ne!(
        weights(&task),
        weights(&ClassifierTask { loss: ClassifierLoss::Weighted, mixup: None, ..task })
    );
}

/// Nine tenths of the training set are of one class. Mean probability of that class on a balanced test
/// set, early in training: near its share unless the loss or the sampling corrects for it.
#[test]
fn weights_and_balanced_sampling_undo_unequal_shares() {
    let (toy, test) = (Toy::new(1, [4, 80, 4], 2, 0), Toy::new(2, [10; 3], 2, 0));
    let spec = spec::Classifier { learning_rate: 1e-3, ..toy_spec(60) };
    let share = |loss, sampling| {
        let task = ClassifierTask { loss, sampling, ..toy.task(&spec, &toy.originals) };
        let predictions = predict(&run(&task).0, &spec, &test.bank, &test.originals);
        predictions.iter().map(|p| p.probabilities[1]).sum::<f64>() / predictions.len() as f64
    };
    let plain = share(ClassifierLoss::Plain, Sampling::Uniform);
    let weighted = share(ClassifierLoss::Weighted, Sampling::Uniform);
    let balanced = share(ClassifierLoss::Plain, Sampling::Balanced);
    assert!(plain > 0.8 && weighted < 0.6 && balanced < 0.6, "{plain} {weighted} {balanced}");
}

#[test]
fn what_cannot_be_trained_is_refused_in_one_line() {
    let error = |task: &ClassifierTask| train(task, &mut |_| Ok(())).unwrap_err().to_string();
    let toy = Toy::new(1, [6, 6, 6], 1, 0);
    let spec = toy_spec(50);
    let no_falling: Vec<usize> = (0..18).filter(|&i| toy.labels[i] != 1).collect();
    let empty = error(&toy.task(&spec, &no_falling));
    assert!(empty.contains("`falling`") && empty.contains("no training utterance"), "{empty}");

    let held_out = spec::Classifier { weights: FinalWeights::HeldOut, ..spec.clone() };
    let alone = error(&toy.task(&held_out, &toy.originals));
    assert!(alone.contains("none of the 1 training speakers") && alone.contains("\"last\""), "{alone}");

    let wild = spec::Classifier { learning_rate: 1e30, ..spec.clone() };
    let loss = error(&toy.task(&wild, &toy.originals));
    assert!(loss.contains("step ") && loss.contains("lower classifier.learning-rate"), "{loss}");

    let mut by_winograd = wild.clone();
    let Network::Vgg(vgg) = &mut by_winograd.network;
    vgg.widths = [16; 5];
    let loss = error(&toy.task(&by_winograd, &toy.originals));
    assert!(loss.contains("the loss is NaN at step "), "{loss}");

    let stopped = train(&toy.task(&spec, &toy.originals), &mut |row: LoggedRow| {
        Err(Error::failed(format!("stop at {}", row.step)))
    });
    assert_eq!(stopped.unwrap_err().to_string(), "stop at 25");
}
