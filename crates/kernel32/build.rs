//! How the shared library is linked.

fn main() {
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if target == "linux" {
        // It has a thread and a function that runs at exit: it is not unloaded.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libkernel32.so");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
