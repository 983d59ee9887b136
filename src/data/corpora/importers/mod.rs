//! Importers of corpora in their official layout, one module a corpus.

pub mod cremad;
pub mod emodb;
pub mod emovo;
pub mod esd;
pub mod folder;
pub mod iemocap;
pub mod msppodcast;
pub mod nemo;
pub mod ravdess;
pub mod savee;
pub mod shemo;
pub mod tess;
pub mod urdu;
