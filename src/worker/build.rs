//! Hands the program its revision, and lets it, and the tests that compute, find the libtorch that they were built against.

include!("../cli/revision.rs");

fn main() {
    set_revision();
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if let Some(libtorch) = env::var_os("LIBTORCH").filter(|l| !l.is_empty()) {
        let lib = Path::new(&libtorch).join("lib");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.canonicalize().unwrap_or(lib).display());
    }
}
