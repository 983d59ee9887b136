//! Tables as text (terminal, Markdown, LaTeX, HTML), their captions, CSV files, and pieces of HTML.

pub mod attribute_table;
pub mod caption;
pub mod cost_table;
pub mod csv;
pub mod gap_table;
pub mod html;
pub mod result_table;
pub mod summary;
pub mod text;
pub mod text_table;
