//! Tables as text: terminal, Markdown, CSV, LaTeX and HTML.

pub mod caption;
pub mod csv;
pub mod html;
pub mod latex;
pub mod summary;
pub mod table;
pub mod table_text;
pub mod text_table;
