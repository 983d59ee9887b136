//! What the doctor reports about a machine.

use super::*;
use std::path::PathBuf;

#[test]
fn the_table_is_aligned_and_has_the_next_step_below_its_line() {
    let parts = [
        DoctorPart::ok("cpu", "a processor"),
        DoctorPart::new("espeak-ng", PartState::Missing, "gone", Some("get it")),
    ];
    let expected = "ok      cpu        a processor\n\
                    -       espeak-ng  gone\n                   next: get it\n";
    assert_eq!(table(&parts), expected);
}

#[test]
fn the_shared_object_of_graphs_is_missed_where_a_gpu_is() {
    let dir = tempfile::tempdir().unwrap();
    let worker = dir.path().join("seraug-worker");
    assert_eq!(graph_part(&worker, false), None);
    assert_eq!(graph_part(&worker, true).unwrap().state, PartState::Missing);
    std::fs::write(dir.path().join(device::CUDA_GRAPH), "").unwrap();
    assert_eq!(graph_part(&worker, false).unwrap().state, PartState::Ok);
}

#[test]
fn without_a_worker_or_a_cpu_no_experiment_can_run() {
    let (path, next) = (PathBuf::from("/a/seraug-worker"), "build it".to_owned());
    let fault = WorkerFault { path: path.clone(), found: "the worker does not load: x.so".into(), next };
    let parts = worker_parts(&path, Err(fault));
    let expected = DoctorPart::new(
        "worker",
        PartState::Broken,
        "/a/seraug-worker: the worker does not load: x.so",
        Some("build it"),
    );
    assert_eq!(parts[0], expected);
    assert_eq!((parts[1].part.as_str(), parts[1].state), ("cpu", PartState::Ok));
    let error = "no memory".to_owned();
    assert_eq!(cpu_part(Opened::Not { error, usage: false }).state, PartState::Broken);
    let whole = ProbeAnswer {
        libtorch: device::LIBTORCH.to_owned(),
        devices: Opened::All(vec![(DeviceChoice::Cpu, device::cpu(1))]),
        cuda: Some(Err("none".to_owned())),
        ..ProbeAnswer::default()
    };
    let states: Vec<_> = worker_parts(&path, Ok(whole)).into_iter().map(|p| (p.part, p.state)).collect();
    let [ok, missing] = [PartState::Ok, PartState::Missing];
    let expected = [("worker", ok), ("libtorch", ok), ("cpu", ok), ("cuda", missing)];
    assert_eq!(states, expected.map(|(part, state)| (part.to_owned(), state)));
}

#[test]
fn a_gpu_that_cannot_be_used_has_a_next_step_and_no_gpu_has_none() {
    let reason = || Err("libtorch_cuda.so could not be opened".to_owned());
    assert!(cuda_parts(reason(), true)[0].next.is_some());
    let none = &cuda_parts(reason(), false)[0];
    assert_eq!(none.next, None);
    assert!(none.found.contains("could not be opened"), "{none:?}");
    let card = |memory| Card { name: "card".to_owned(), memory };
    let two: Vec<_> = cuda_parts(Ok(vec![card(None), card(Some(1 << 30))]), true)
        .into_iter()
        .map(|p| p.part + " " + &p.found)
        .collect();
    assert_eq!(two, ["cuda:0 card", "cuda:1 card, 1.0 GiB"]);
}

#[test]
fn a_driver_that_is_too_old_is_told_with_what_is_needed() {
    let gpu = |capability| driver::Gpu {
        card: Card { name: "NVIDIA A100".to_owned(), memory: None },
        capability: Some(capability),
    };
    let part = |cuda, cards| {
        let driver = Driver { release: Some("550.54.15".to_owned()), cuda: Some(cuda), cards };
        driver_part(&driver, "2.11.0+cu130")
    };
    let old = part([12, 4], Ok(vec![gpu([8, 0])]));
    let expected = "550.54.15, CUDA 12.4; NVIDIA A100; too old: libtorch 2.11.0+cu130 needs driver 580 or newer (CUDA 13)";
    assert_eq!((old.state, old.found.as_str()), (PartState::Missing, expected));
    assert!(old.next.unwrap().starts_with("update NVIDIA's driver"));
    let card = part([13, 0], Ok(vec![gpu([9, 0]), gpu([7, 0])]));
    assert!(card.state == PartState::Missing && card.found.ends_with("needs 7.5 or newer"), "{}", card.found);
    assert_eq!(part([13, 0], Err("the driver finds no device".to_owned())).state, PartState::Missing);
    let fine = part([13, 0], Ok(vec![gpu([9, 0])]));
    assert_eq!((fine.state, fine.found.as_str()), (PartState::Ok, "550.54.15, CUDA 13.0; NVIDIA A100"));
}

#[test]
fn another_libtorch_and_a_missing_synthesiser_are_said() {
    assert_eq!(libtorch_part(None, "2.11.0+cpu").state, PartState::Ok);
    assert_eq!(libtorch_part(None, "2.8.0").state, PartState::Missing);
    assert_eq!(espeak_part("no-such-synthesiser").next.as_deref(), Some("apt-get install espeak-ng"));
}
