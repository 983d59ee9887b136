//! Downloads from a local server: what is downloaded, what is resumed and what is refused.

use flate2::Compression;
use flate2::write::GzEncoder;
use indicatif::ProgressBar;
use seraug_core::digest::digest_hex;
use seraug_core::error::Result;
use seraug_core::manifest::{Fetch, Unpack};
use seraug_data::corpora::fetch::{FetchJob, fetch};
use seraug_test_support::common::{seraug, stderr};
use seraug_test_support::http::{Reply, Server};
use std::cell::RefCell;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::FileOptions;

/// Bytes that do not compress away and differ everywhere.
fn noise(n: usize) -> Vec<u8> {
    (0..n as u64).map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, FileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A .tar.gz of one entry whose header is written as it is, `..` and all.
fn tar_gz_of(name: &str, kind: tar::EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    tar.append(&header, content).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

fn entry(url: &str, content: &[u8], unpack: Unpack) -> Fetch {
    Fetch {
        url: url.to_owned(),
        file: "a.bin".to_owned(),
        bytes: content.len() as u64,
        sha256: Some(digest_hex(content)),
        md5: None,
        unpack,
        strip: 0,
        into: String::new(),
        unpacked_bytes: 0,
    }
}

/// Fetches into `corpora/toy`; the result and what was noted.
fn run(corpora: &Path, file: &Fetch) -> (Result<()>, String) {
    let notes = RefCell::new(String::new());
    let note = |line: &str| *notes.borrow_mut() += &format!("{line}\n");
    let progress = ProgressBar::hidden();
    let job =
        FetchJob { name: "toy", corpora, progress: &progress, note: &note, pause: Duration::from_millis(1) };
    let result = fetch(std::slice::from_ref(file), &job);
    (result, notes.into_inner())
}

/// Serves `content` whole and unpacks it.
fn unpack(corpora: &Path, content: &[u8], change: impl Fn(&mut Fetch), unpack: Unpack) -> Result<()> {
    let body = content.to_owned();
    let server = Server::new(move |r, _| Reply::file(r, &body, "\"1\""));
    let mut file = entry(&server.url("a"), content, unpack);
    change(&mut file);
    run(corpora, &file).0
}

fn part(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join(".fetch/toy/a.bin.part")
}

#[test]
fn an_archive_is_downloaded_unpacked_and_not_downloaded_again() {
    let dir = TempDir::new().unwrap();
    let wav = noise(3000);
    let content =
        zip_of(&[("top/x/1.wav", &wav), ("top/2.wav", b"2"), ("top/._2.wav", b"mac"), ("above.txt", b"")]);
    let body = content.clone();
    let server = Server::new(move |r, _| Reply::file(r, &body, "\"1\""));
    let file = Fetch { strip: 1, into: "wav".into(), ..entry(&server.url("a"), &content, Unpack::Zip) };
    run(dir.path(), &file).0.unwrap();
    let placed = dir.path().join("toy/wav");
    assert_eq!(
        (fs::read(placed.join("x/1.wav")).unwrap(), fs::read(placed.join("2.wav")).unwrap()),
        (wav, b"2".to_vec())
    );
    assert_eq!(fs::read_dir(&placed).unwrap().count(), 2, "litter and what lies above are left out");
    assert!(!part(&dir).exists());

    fs::remove_file(placed.join("2.wav")).unwrap();
    let (again, notes) = run(dir.path(), &file);
    again.unwrap();
    assert!(
        placed.join("2.wav").exists() && notes.contains("1 new files") && notes.contains("1 were there"),
        "{notes}"
    );
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_cut_download_goes_on_where_it_was() {
    let dir = TempDir::new().unwrap();
    let content = noise(500_000);
    let body = content.clone();
    let server = Server::new(move |r, n| {
        let reply = Reply::file(r, &body, "\"1\"");
        if n < 2 { reply.cut(100_000) } else { reply }
    });
    let (result, notes) = run(dir.path(), &entry(&server.url("a"), &content, Unpack::None));
    result.unwrap();
    assert!(notes.contains("resuming at byte 100000"), "{notes}");
    assert_eq!(fs::read(dir.path().join("toy/a.bin")).unwrap(), content);
    let asked: Vec<_> =
        server.seen().iter().map(|r| (r.start(), r.header("if-range").map(str::to_owned))).collect();
    let version = Some("\"1\"".to_owned());
    assert_eq!(asked, [(None, None), (Some(100_000), version.clone()), (Some(200_000), version)]);
}

#[test]
fn after_five_retries_the_part_stays_and_the_next_call_goes_on() {
    let dir = TempDir::new().unwrap();
    let content = noise(100_000);
    let body = content.clone();
    let server = Server::new(move |r, n| {
        let reply = Reply::file(r, &body, "\"1\"");
        if n < 6 { reply.cut(10_000) } else { reply }
    });
    let file = entry(&server.url("a"), &content, Unpack::None);
    let e = run(dir.path(), &file).0.unwrap_err();
    assert_eq!(e.exit_code(), 1);
    assert!(e.to_string().contains("60000 of 100000 bytes are kept; run the same command again"), "{e}");
    assert_eq!((server.seen().len(), fs::read(part(&dir)).unwrap()), (6, content[..60_000].to_vec()));
    run(dir.path(), &file).0.unwrap();
    assert_eq!(server.seen()[6].start(), Some(60_000));
    assert_eq!(fs::read(dir.path().join("toy/a.bin")).unwrap(), content);
}

#[test]
fn a_server_without_ranges_starts_over_cleanly() {
    let dir = TempDir::new().unwrap();
    let content = noise(200_000);
    let body = content.clone();
    let server = Server::new(move |_, n| {
        let reply = Reply::new(200, &body);
        if n == 0 { reply.cut(70_000) } else { reply }
    });
    run(dir.path(), &entry(&server.url("a"), &content, Unpack::None)).0.unwrap();
    assert_eq!(server.seen()[1].start(), Some(70_000));
    assert_eq!(fs::read(dir.path().join("toy/a.bin")).unwrap(), content);
}

#[test]
fn two_versions_are_never_glued() {
    let (old, new) = (vec![7; 100_000], noise(100_000));
    // One server heeds If-Range; the other sends the rest of the new file, which only its ETag gives away.
    for heeds in [true, false] {
        let dir = TempDir::new().unwrap();
        let (before, after) = (old.clone(), new.clone());
        let server = Server::new(move |r, n| match n {
            0 => Reply::file(r, &before, "\"old\"").cut(40_000),
            _ if heeds => Reply::file(r, &after, "\"new\""),
            _ => match r.start() {
                None => Reply::file(r, &after, "\"new\""),
                Some(start) => Reply::new(206, &after[start..])
                    .with("Content-Range", &format!("bytes {start}-99999/100000"))
                    .with("ETag", "\"new\""),
            },
        });
        run(dir.path(), &entry(&server.url("a"), &new, Unpack::None)).0.unwrap();
        assert_eq!(fs::read(dir.path().join("toy/a.bin")).unwrap(), new);
        assert_eq!(server.seen().len(), if heeds { 2 } else { 3 });
    }
}

#[test]
fn a_wrong_checksum_is_told_and_the_part_removed() {
    let dir = TempDir::new().unwrap();
    let (promised, sent) = (noise(1000), vec![1; 1000]);
    let (body, url_body) = (sent.clone(), digest_hex(&promised));
    let server = Server::new(move |r, _| Reply::file(r, &body, "\"1\""));
    let e = run(dir.path(), &entry(&server.url("a"), &promised, Unpack::None)).0.unwrap_err().to_string();
    assert!(e.contains(&format!("sha256 expected {url_body}, found {}", digest_hex(&sent))), "{e}");
    assert!(!part(&dir).exists() && !dir.path().join("toy").exists());

    let md5 =
        Fetch { sha256: None, md5: Some("0".repeat(32)), ..entry(&server.url("a"), &sent, Unpack::None) };
    assert!(run(dir.path(), &md5).0.unwrap_err().to_string().contains("md5 expected 0000"));
}

#[test]
fn answers_that_do_not_help_end_it_and_those_that_pass_are_tried_again() {
    let dir = TempDir::new().unwrap();
    let content = noise(100);
    let server = Server::new(|_, _| Reply::new(404, b"gone"));
    let e = run(dir.path(), &entry(&server.url("a"), &content, Unpack::None)).0.unwrap_err().to_string();
    assert!(e.contains("/a: the server answered 404") && server.seen().len() == 1, "{e}");

    let body = content.clone();
    let server =
        Server::new(move |r, n| if n == 0 { Reply::new(503, b"") } else { Reply::file(r, &body, "\"1\"") });
    run(dir.path(), &entry(&server.url("a"), &content, Unpack::None)).0.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn redirects_are_followed_each_time() {
    let dir = TempDir::new().unwrap();
    let content = noise(50_000);
    let body = content.clone();
    let server = Server::new(move |r, n| match r.path.as_str() {
        "/a" => Reply::new(302, b"").with("Location", "/b"),
        _ => Reply { cut: (n == 1).then_some(20_000), ..Reply::file(r, &body, "\"1\"") },
    });
    run(dir.path(), &entry(&server.url("a"), &content, Unpack::None)).0.unwrap();
    let asked: Vec<_> = server.seen().iter().map(|r| (r.path.clone(), r.start())).collect();
    let expected = [("/a", None), ("/b", None), ("/a", Some(20_000)), ("/b", Some(20_000))];
    assert_eq!(asked, expected.map(|(path, start)| (path.to_owned(), start)));
    assert_eq!(fs::read(dir.path().join("toy/a.bin")).unwrap(), content);
}

#[test]
fn another_length_is_refused_whether_stated_or_not() {
    let content = noise(100);
    for stated in [true, false] {
        let dir = TempDir::new().unwrap();
        let server = Server::new(move |_, _| {
            let reply = Reply::new(200, &[1; 5000]);
            if stated { reply } else { reply.without_length() }
        });
        let e = run(dir.path(), &entry(&server.url("a"), &content, Unpack::None)).0.unwrap_err().to_string();
        assert!(e.contains("bytes where the manifest says 100"), "{e}");
        assert!(!part(&dir).exists());
    }
}

#[test]
fn archives_that_reach_out_are_refused_and_leave_nothing() {
    let dir = TempDir::new().unwrap();
    let mut link = ZipWriter::new(Cursor::new(Vec::new()));
    link.start_file("good.wav", FileOptions::default()).unwrap();
    link.add_symlink("evil", "/etc/passwd", FileOptions::default()).unwrap();
    let link = link.finish().unwrap().into_inner();
    let good = ("good.wav", b"good".as_slice());
    let many: Vec<String> = (0..=100_000).map(|i| i.to_string()).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    let regular = |name| tar_gz_of(name, tar::EntryType::Regular, b"evil");
    let cases = [
        ("outside the corpus", zip_of(&[good, ("../evil", b"evil")]), Unpack::Zip),
        ("outside the corpus", zip_of(&[good, ("/evil", b"evil")]), Unpack::Zip),
        ("outside the corpus", zip_of(&[good, ("a\\..\\..\\evil", b"evil")]), Unpack::Zip),
        ("link or a device", link, Unpack::Zip),
        ("twice", zip_of(&[good, ("./good.wav", b"other")]), Unpack::Zip),
        ("more than 100000 entries", zip_of(&many), Unpack::Zip),
        ("not a zip archive", noise(1000), Unpack::Zip),
        ("outside the corpus", regular("../evil"), Unpack::TarGz),
        ("outside the corpus", regular("/evil"), Unpack::TarGz),
        ("link or a device", tar_gz_of("evil", tar::EntryType::Symlink, b""), Unpack::TarGz),
        ("link or a device", tar_gz_of("evil", tar::EntryType::Link, b""), Unpack::TarGz),
        ("link or a device", tar_gz_of("evil", tar::EntryType::Block, b""), Unpack::TarGz),
        ("holds no file", zip_of(&[]), Unpack::Zip),
    ];
    for (why, content, kind) in cases {
        let e = unpack(dir.path(), &content, |_| {}, kind).unwrap_err();
        assert!(e.exit_code() == 1 && e.to_string().contains(why), "{why}: {e}");
        assert!(!dir.path().join("toy").exists(), "{why}");
        let beside = fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name()).collect::<Vec<_>>();
        assert_eq!(beside, [".fetch"], "{why}");
        assert!(!dir.path().join(".fetch/toy/unpacked").exists() && !Path::new("/evil").exists());
    }
}

#[test]
fn bombs_are_refused_by_what_they_state_and_by_what_they_hold() {
    let dir = TempDir::new().unwrap();
    let zeros = vec![0; 1 << 20];
    let small = |f: &mut Fetch| f.unpacked_bytes = 1 << 19;
    let zip = zip_of(&[("1.wav", &zeros)]);
    assert!(zip.len() < 10_000);
    let e = unpack(dir.path(), &zip, small, Unpack::Zip).unwrap_err().to_string();
    assert!(e.contains("unpacks to 1048576 bytes, and 524288 are allowed"), "{e}");

    // The same with a length of 9 in both headers: only what comes out tells.
    let mut lying = zip;
    let length = (1u32 << 20).to_le_bytes();
    let places: Vec<usize> = (0..lying.len() - 4).filter(|i| lying[*i..i + 4] == length).collect();
    assert!(places.len() >= 2, "{places:?}");
    places.iter().for_each(|i| lying[*i..i + 4].copy_from_slice(&9u32.to_le_bytes()));
    let tar = tar_gz_of("1.wav", tar::EntryType::Regular, &zeros);
    for (content, kind) in [(lying, Unpack::Zip), (tar, Unpack::TarGz)] {
        let e = unpack(dir.path(), &content, small, kind).unwrap_err().to_string();
        assert!(e.contains("`1.wav` goes beyond the 524288 bytes"), "{e}");
    }
    assert!(!dir.path().join("toy").exists());
}

#[test]
fn a_recording_with_other_content_is_left_alone_and_nothing_is_placed() {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(dir.path().join("toy")).unwrap();
    fs::write(dir.path().join("toy/2.wav"), "mine").unwrap();
    let content = zip_of(&[("1.wav", b"1"), ("2.wav", b"2")]);
    let e = unpack(dir.path(), &content, |_| {}, Unpack::Zip).unwrap_err().to_string();
    assert!(e.contains("2.wav: exists with other content"), "{e}");
    assert_eq!(fs::read(dir.path().join("toy/2.wav")).unwrap(), b"mine");
    assert!(!dir.path().join("toy/1.wav").exists());
}

#[test]
fn a_tar_archive_is_unpacked() {
    let dir = TempDir::new().unwrap();
    let content = tar_gz_of("top/1.wav", tar::EntryType::Regular, b"one");
    unpack(dir.path(), &content, |f| f.strip = 1, Unpack::TarGz).unwrap();
    assert_eq!(fs::read(dir.path().join("toy/1.wav")).unwrap(), b"one");
}

#[test]
fn what_cannot_be_verified_is_not_fetched() {
    let dir = TempDir::new().unwrap();
    let output = seraug(dir.path(), &["corpus", "fetch", "emodb"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("no download of it can be verified") && said.contains("emodb.bilderbar.info"),
        "{said}"
    );
    assert!(!dir.path().join("corpora").exists());
    let output = seraug(dir.path(), &["corpus", "fetch", "emo-db"]);
    assert_eq!((output.status.code(), stderr(&output).contains("did you mean `emodb`?")), (Some(2), true));
}
