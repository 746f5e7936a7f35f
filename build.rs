//! Compiles the rule files of `rules/` into static tables and the conditions of their rules into Rust. A mistake in them is a build error that names file, line and column.

use std::path::{Path, PathBuf};

#[path = "src/table/compiler/mod.rs"]
mod compiler;

#[path = "src/diagnostic/code.rs"]
#[allow(dead_code)]
mod code;

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=src/table/compiler");
    println!("cargo::rerun-if-changed=src/diagnostic/code.rs");
    println!("cargo::rerun-if-changed=build.rs");
    let linux_gnu = |name: &str, value: &str| std::env::var(name).is_ok_and(|v| v == value);
    if linux_gnu("CARGO_CFG_TARGET_OS", "linux") && linux_gnu("CARGO_CFG_TARGET_ENV", "gnu") {
        link_for_a_quick_start();
    }
    let mut paths = Vec::new();
    collect(Path::new("rules"), &mut paths);
    paths.sort();
    let files: Vec<compiler::compile::RuleFile> = paths
        .iter()
        .map(|path| compiler::compile::RuleFile {
            name: path.display().to_string(),
            text: std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())),
        })
        .collect();
    match compiler::compile::compile(&files, &code::codes::NAMES) {
        Ok(table) => {
            let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
            std::fs::write(out.join("table.rs"), compiler::emit::emit(&table)).expect("OUT_DIR is writable");
            std::fs::write(out.join("conditions.rs"), compiler::conditions::emit(&table)).expect("OUT_DIR is writable");
        }
        Err(errors) => {
            for error in errors {
                println!("cargo::error={error}");
            }
        }
    }
}

/// What has to be done at each start before `main` is done when the program is linked, as far as it can be.
fn link_for_a_quick_start() {
    // The static tables hold some ten thousand addresses. In an executable that may lie anywhere each of them is relocated at every start,
    // which costs more than checking a file.
    println!("cargo::rustc-link-arg-bins=-no-pie");
    let features = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    if features.split(',').any(|feature| feature == "crt-static") {
        // The option above takes back the one by which a static executable that may lie anywhere is asked for.
        println!("cargo::rustc-link-arg-bins=-static");
    } else {
        // The standard library asks the unwinder for the frames of a backtrace and has it loaded as a shared library at every start. As an
        // archive it is in every gcc beside the shared one; whatever comes first on the linker's line is taken.
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("rules/ is readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|e| e == "toml") {
            paths.push(path);
        }
    }
}
