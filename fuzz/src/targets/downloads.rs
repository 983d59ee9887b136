//! Archives of downloaded corpora. Their checksums say nothing about their content.

use super::{Check, PLAIN, Target, answer};
use crate::case::Case;
use flate2::Compression;
use flate2::write::GzEncoder;
use seraug_core::manifest::{Fetch, Unpack};
use seraug_data::corpora::fetch::unpack;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::FileOptions;

const FILES: [(&str, &[u8]); 3] = [
    ("emodb/wav/03a01Fa.wav", b"RIFF one"),
    ("emodb/wav/03a01Nc.wav", b"RIFF two"),
    ("emodb/info.txt", b"x"),
];

fn fetched(kind: Unpack, bytes: u64) -> Fetch {
    let (url, file, into) = ("https://example.org/a".to_owned(), "archive".to_owned(), String::new());
    Fetch { url, file, bytes, sha256: None, md5: None, unpack: kind, strip: 1, into, unpacked_bytes: 1 << 20 }
}

/// Unpacks an archive in `case`; nothing may appear outside of the target folder.
fn unpacked(case: &Path, kind: Unpack) -> Result<(), String> {
    let archive = case.join("archive");
    let bytes = fs::metadata(&archive).map_or(0, |m| m.len());
    answer(
        unpack(&fetched(kind, bytes), &archive, &case.join("aside"), &case.join("target")),
        &["archive", "aside", "target"],
    )?;
    let names = fs::read_dir(case).map_err(|e| e.to_string())?.flatten().map(|e| e.file_name());
    let mut strange = names.filter(|n| !["archive", "target", "plain.tar"].iter().any(|known| n == known));
    strange.next().map_or(Ok(()), |name| Err(format!("wrote {}", name.display())))
}

/// A .zip archive.
pub(super) const ZIP: Target = Target {
    name: "zip",
    main: "archive",
    made: || {
        let pack = |method| {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            for (name, content) in FILES {
                zip.start_file(name, FileOptions::default().compression_method(method)).expect("memory");
                zip.write_all(content).expect("memory");
            }
            Case::of("archive", zip.finish().expect("memory").into_inner())
        };
        [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated].map(pack).into()
    },
    prepare: |_| -> Check { Box::new(|case| unpacked(case, Unpack::Zip)) },
    ..PLAIN
};

/// A .tar.gz archive: the tar inside is mutated, or the gzip around it where the case has one.
pub(super) const TAR: Target = Target {
    name: "tar",
    main: "plain.tar",
    made: || {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, content) in FILES {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, content).expect("memory");
        }
        let plain = tar.into_inner().expect("memory");
        vec![Case::of("plain.tar", &plain), Case::of("archive", gzip(&plain))]
    },
    mend: |case, _| {
        // The checksum of each header, in the place where a header is.
        if let Some(bytes) = case.0.get("plain.tar") {
            let mut bytes = bytes.to_vec();
            for header in bytes.chunks_exact_mut(512).filter(|h| h[257..262] == *b"ustar") {
                header[148..156].fill(b' ');
                let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
                header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            }
            *case = Case::of("plain.tar", bytes);
        }
    },
    prepare: |_| -> Check {
        Box::new(|case| {
            if let Ok(plain) = fs::read(case.join("plain.tar")) {
                fs::write(case.join("archive"), gzip(&plain)).map_err(|e| e.to_string())?;
            }
            unpacked(case, Unpack::TarGz)
        })
    },
    ..PLAIN
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
    writer.write_all(bytes).expect("memory");
    writer.finish().expect("memory")
}
