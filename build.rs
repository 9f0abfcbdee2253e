//! Two facts the compiler cannot know: where the prebuilt DuckDB library lies (so that the binary finds it at
//! run time without `LD_LIBRARY_PATH`), and a hash of our own sources (so that a cached result is never reused by
//! other code than the code that made it).

use std::{
    fs,
    hash::{DefaultHasher, Hasher},
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if let Some(dir) = std::env::var_os("DUCKDB_LIB_DIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", Path::new(&dir).display());
    }

    let mut sources = Vec::new();
    for root in ["src", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={root}");
        collect(Path::new(root), &mut sources);
    }
    sources.sort();
    let mut hasher = DefaultHasher::new();
    for path in &sources {
        hasher.write(path.to_string_lossy().as_bytes());
        hasher.write(&fs::read(path).expect("a source file just listed can be read"));
    }
    println!("cargo:rustc-env=HEADROOM_CODE_HASH={:016x}", hasher.finish());
}

fn collect(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("the source folder can be listed").flatten() {
            collect(&entry.path(), into);
        }
    } else if path.exists() {
        into.push(path.to_path_buf());
    }
}
