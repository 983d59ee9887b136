//! Hands the program its revision.

include!("revision.rs");

fn main() {
    set_revision();
}
