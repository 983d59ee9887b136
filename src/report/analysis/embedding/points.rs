//! Reads the embedding.csv of a cell: representations of originals and augmentations.

use seraug_core::error::{Error, Result};
use seraug_core::files;
use std::path::Path;

/// What a point stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointKind {
    /// A recorded utterance.
    Original,
    /// What the augmentor made of it.
    Augmentation,
}

impl PointKind {
    /// The word for it in embedding.csv.
    pub fn name(self) -> &'static str {
        match self {
            PointKind::Original => "original",
            PointKind::Augmentation => "augmentation",
        }
    }
}

/// The representation of an utterance or of an augmentation of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Utterance id; an augmentation has that of its original.
    pub utterance: String,
    /// Index of the class in the spec.
    pub class: usize,
    /// Whether it is an original or an augmentation.
    pub kind: PointKind,
    /// The representation r.
    pub r: Vec<f64>,
}

/// Reads the points of an embedding.csv, whose classes must be among `classes`.
///
/// # Errors
/// Names file and row: a header of other columns, an unknown class or kind, a value that is no finite number, an
/// augmentation of an utterance that is not there.
pub fn read(path: &Path, classes: &[&str]) -> Result<Vec<Point>> {
    let failed = |what: String| Error::failed(format!("{}: {what}", path.display()));
    let mut reader = csv::Reader::from_reader(files::open(path).map_err(|e| failed(e.to_string()))?);
    let header = reader.headers().map_err(|e| failed(e.to_string()))?.clone();
    let expected = |(i, name): (usize, &str)| match i {
        0..3 => name == ["utterance", "class", "kind"][i],
        i => name == format!("r{}", i - 3),
    };
    if header.len() < 5 || !header.iter().enumerate().all(expected) {
        return Err(failed("row 1: the columns are not utterance, class, kind, r0, r1 and so on".into()));
    }
    let mut points: Vec<Point> = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let bad = |what: String| failed(format!("row {}: {what}", i + 2));
        let record = record.map_err(|e| bad(e.to_string()))?;
        let class = classes.iter().position(|c| *c == &record[1]);
        let kind =
            [PointKind::Original, PointKind::Augmentation].into_iter().find(|k| k.name() == &record[2]);
        let number = |text: &str| text.parse::<f64>().ok().filter(|v| v.is_finite());
        let values = record
            .iter()
            .skip(3)
            .map(|t| number(t).ok_or_else(|| bad(format!("`{t}` is not a finite number"))));
        points.push(Point {
            utterance: record[0].to_owned(),
            class: class.ok_or_else(|| bad(format!("`{}` is not a class of spec.toml", &record[1])))?,
            kind: kind
                .ok_or_else(|| bad(format!("`{}` is neither original nor augmentation", &record[2])))?,
            r: values.collect::<Result<_>>()?,
        });
    }
    let originals: std::collections::HashSet<&str> =
        points.iter().filter(|p| p.kind == PointKind::Original).map(|p| p.utterance.as_str()).collect();
    match points.iter().position(|p| !originals.contains(p.utterance.as_str())) {
        Some(i) => Err(failed(format!("row {}: `{}` has no original", i + 2, points[i].utterance))),
        None => Ok(points),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_row_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("embedding.csv");
        let read = |rows: &str| {
            std::fs::write(&path, format!("utterance,class,kind,r0,r1\n{rows}")).unwrap();
            read(&path, &["sad", "angry"])
        };
        let points = read("a,angry,original,1,-0.5\na,angry,augmentation,2,0\n").unwrap();
        assert_eq!(
            (points[1].class, points[1].kind, &points[0].r[..]),
            (1, PointKind::Augmentation, &[1.0, -0.5][..])
        );
        for (rows, says) in [
            ("a,angry,original,1,2\na,happy,original,1,2\n", "row 3: `happy` is not a class"),
            ("a,angry,copy,1,2\n", "row 2: `copy` is neither"),
            ("a,angry,original,1,NaN\n", "row 2: `NaN` is not a finite number"),
            ("a,angry,original,1\n", "row 2: "),
            ("a,angry,original,1,2\nb,angry,augmentation,1,2\n", "row 3: `b` has no original"),
        ] {
            let error = read(rows).unwrap_err().to_string();
            assert!(error.contains(&format!("embedding.csv: {says}")), "{error}");
        }
        std::fs::write(&path, "utterance,class,r0,r1,r2\n").unwrap();
        assert!(super::read(&path, &["sad"]).unwrap_err().to_string().contains("embedding.csv: row 1: "));
    }
}
