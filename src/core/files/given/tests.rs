use super::*;
use std::io::Read;
use std::os::unix::fs::symlink;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o7777
}

fn fifo(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
}

#[test]
fn links_are_followed_and_modes_kept() {
    let place = Place::new();
    std::fs::create_dir(place.at("deep")).unwrap();
    std::fs::write(place.at("deep/real"), "old and longer").unwrap();
    std::fs::set_permissions(place.at("deep/real"), Permissions::from_mode(0o640)).unwrap();
    symlink("deep/real", place.at("one")).unwrap();
    symlink("one", place.at("two")).unwrap();
    write_given(&place.at("two"), b"new").unwrap();
    assert_eq!((place.text("deep/real").as_str(), mode(&place.at("deep/real"))), ("new", 0o640));
    assert!(place.at("one").is_symlink() && place.at("two").is_symlink());
    // A link to where nothing is yet.
    symlink("deep/later", place.at("dangling")).unwrap();
    write_given(&place.at("dangling"), b"new").unwrap();
    assert!(place.at("dangling").is_symlink());
    assert_eq!(place.text("deep/later"), "new");
    symlink("gone/later", place.at("nowhere")).unwrap();
    assert!(write_given(&place.at("nowhere"), b"").is_err() && !place.at("gone").exists());
    symlink("circle", place.at("circle")).unwrap();
    assert!(write_given(&place.at("circle"), b"").is_err());
    assert_eq!(
        place.names(),
        ["circle", "dangling", "deep", "nowhere", "one", "two"],
        "nothing is left aside"
    );
    assert_eq!(std::fs::read_dir(place.at("deep")).unwrap().count(), 2);
}

#[test]
fn new_files_are_as_the_umask_says_and_folders_are_made() {
    let place = Place::new();
    File::create(place.at("plain")).unwrap();
    write_given(&place.at("a/b/new"), b"x").unwrap();
    assert_eq!(mode(&place.at("a/b/new")), mode(&place.at("plain")));
}

#[test]
fn pipes_and_devices_get_the_bytes_and_stay() {
    let place = Place::new();
    fifo(&place.at("pipe"));
    let path = place.at("pipe");
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        File::open(path).unwrap().read_to_string(&mut text).map(|_| text)
    });
    let long = "x".repeat(1 << 18);
    write_given(&place.at("pipe"), long.as_bytes()).unwrap();
    assert_eq!(reading.join().unwrap().unwrap(), long);
    symlink("/dev/null", place.at("null")).unwrap();
    write_given(&place.at("null"), b"x").unwrap();
    symlink("/dev/full", place.at("full")).unwrap();
    let said = write_given(&place.at("full"), b"x").unwrap_err().to_string();
    assert!(said.contains("full: cannot be written: No space left"), "{said}");
    assert!(special(std::fs::metadata("/dev/null").unwrap().file_type()).is_some());
    assert_eq!(place.names(), ["full", "null", "pipe"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    fifo(&place.at("pipe"));
    let path = place.at("pipe");
    let reading = std::thread::spawn(move || File::open(path).map(|mut f| f.read(&mut [0; 9])));
    write_given(&place.at("pipe"), &vec![b'x'; 1 << 20]).unwrap();
    reading.join().unwrap().unwrap().unwrap();
}

#[test]
fn an_open_file_of_the_process_is_appended_to() {
    let place = Place::new();
    let mut file = File::create(place.at("out")).unwrap();
    file.write_all(b"before ").unwrap();
    let inode = file.metadata().unwrap().ino();
    let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    write_given(Path::new(&path), b"after").unwrap();
    assert_eq!(place.text("out"), "before after");
    assert_eq!(std::fs::metadata(place.at("out")).unwrap().ino(), inode);
}

#[test]
fn folders_and_sockets_are_refused_in_one_line() {
    let place = Place::new();
    let said = |path: &Path| write_given(path, b"x").unwrap_err().to_string();
    assert!(said(place.0.path()).ends_with(": cannot be written: it is a folder; name a file"));
    let _listener = std::os::unix::net::UnixListener::bind(place.at("socket")).unwrap();
    assert!(said(&place.at("socket")).ends_with("it is a socket; name a file"));
    std::fs::write(place.at("file"), "").unwrap();
    assert!(said(&place.at("file/below")).contains("file/below: cannot be written: Not a directory"));
}
