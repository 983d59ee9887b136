//! Which process holds a lease, and which one takes it over.

use super::*;

fn task(cell: &str) -> StageTask {
    StageTask { run: "x/1".into(), cell: cell.into() }
}

fn held(claim: Claim) -> Lease {
    match claim {
        Claim::Held(lease) => lease,
        Claim::Taken(by) => panic!("taken by {by:?}"),
    }
}

/// A lease file of another owner.
fn write(path: &Path, owner: &Owner, beat: u64) {
    let first = serde_json::to_string(&(owner, task("theirs"))).unwrap() + "\n";
    let second = line(&LeaseProgress { beat, ..LeaseProgress::default() });
    std::fs::write(path, [first.as_bytes(), &second].concat()).unwrap();
}

#[test]
fn one_holds_it_until_it_is_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    let mut observer = LeaseObserver::default();
    let lease = held(claim(&path, &task("one"), &mut observer).unwrap());
    lease.progress().step = 7;
    let Claim::Taken(by) = claim(&path, &task("two"), &mut observer).unwrap() else { panic!() };
    assert!(by.is_there() && by.task.cell == "one" && by.silent < Duration::from_secs(30));
    std::thread::sleep(HEARTBEAT + Duration::from_millis(500));
    assert_eq!(holder(&path).unwrap().progress.step, 7);
    assert!(!lease.is_lost());
    drop(lease);
    assert!(!path.exists());
    held(claim(&path, &task("two"), &mut observer).unwrap());
}

#[test]
fn a_value_that_is_not_finite_does_not_make_a_lease_unreadable() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    let values = vec![("rep".to_owned(), f64::NAN), ("var".to_owned(), 0.5)];
    let first = serde_json::to_string(&(Owner::me(), task("x"))).unwrap() + "\n";
    let second = line(&LeaseProgress { values, seconds: 1.5, ..LeaseProgress::default() });
    assert_eq!(second.len(), LINE);
    std::fs::write(&path, [first.as_bytes(), &second].concat()).unwrap();
    assert_eq!(holder(&path).unwrap().progress.values, [("var".to_owned(), 0.5)]);
}

#[test]
fn of_many_that_ask_at_once_one_gets_it_also_from_a_dead_owner() {
    let dir = tempfile::tempdir().unwrap();
    let dead = Owner { started: 1, ..Owner::me().clone() };
    for round in 0..20 {
        let path = dir.path().join(format!("{round}.json"));
        if round % 2 == 1 {
            write(&path, &dead, 3);
        }
        let barrier = std::sync::Barrier::new(8);
        let claims: Vec<Claim> = std::thread::scope(|s| {
            let ask = || {
                barrier.wait();
                claim(&path, &task("x"), &mut LeaseObserver::default()).unwrap()
            };
            let threads: Vec<_> = (0..8).map(|_| s.spawn(ask)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let got = claims.iter().filter(|c| matches!(c, Claim::Held(l) if inode(&l.path) == Some(l.inode)));
        assert_eq!(got.count(), 1, "round {round}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_torn_lease_is_nobodys_and_gives_way_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    std::fs::write(&path, "").unwrap();
    let mut observer = LeaseObserver::default();
    let Claim::Taken(by) = claim(&path, &task("x"), &mut observer).unwrap() else { panic!() };
    assert_eq!(by.owner.host, "unknown");
    let (owner, beat, since) = observer.0.take().unwrap();
    observer.0 = Some((owner, beat, since.checked_sub(TIMEOUT + HEARTBEAT).unwrap()));
    held(claim(&path, &task("x"), &mut observer).unwrap());
}

#[test]
fn an_owner_elsewhere_is_dead_when_its_heartbeat_stops_on_our_clock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    let elsewhere = Owner { realm: "0123456789ab".into(), ..Owner::me().clone() };
    write(&path, &elsewhere, 3);
    // An old modification time, as after a jump of the clock, proves nothing.
    let old = std::time::SystemTime::now() - Duration::from_secs(7200);
    File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    let mut observer = LeaseObserver::default();
    assert!(matches!(claim(&path, &task("x"), &mut observer).unwrap(), Claim::Taken(_)));
    assert!(!holder(&path).unwrap().is_there(), "for a reader it looks dead");
    let (owner, beat, since) = observer.0.take().unwrap();
    observer.0 = Some((owner.clone(), beat, since.checked_sub(TIMEOUT + HEARTBEAT).unwrap()));
    write(&path, &elsewhere, 4);
    assert!(matches!(claim(&path, &task("x"), &mut observer).unwrap(), Claim::Taken(_)), "it was renewed");
    observer.0 = Some((owner, 4, since.checked_sub(TIMEOUT + HEARTBEAT).unwrap()));
    let lease = held(claim(&path, &task("x"), &mut observer).unwrap());
    assert_eq!(holder(&path).unwrap().owner, *Owner::me());
    // And the other way round: taken away, the owner notices and leaves the successor's alone.
    std::fs::remove_file(&path).unwrap();
    write(&path, &elsewhere, 9);
    std::thread::sleep(HEARTBEAT + Duration::from_millis(500));
    assert!(lease.is_lost());
    drop(lease);
    assert_eq!(holder(&path).unwrap().progress.beat, 9);
}
