//! Checks an image: `cargo run -p linkwright-ntfs-check --example check IMAGE`;
//! with `--strict` before it as one judges a writer.

use std::process::ExitCode;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_ntfs_check::{CheckOptions, check};

fn main() -> ExitCode {
    let mut args: Vec<_> = std::env::args_os().skip(1).collect();
    let strict = args.first().is_some_and(|arg| arg == "--strict");
    if strict {
        args.remove(0);
    }
    let [path] = args.as_slice() else {
        eprintln!("usage: check [--strict] IMAGE");
        return ExitCode::from(2);
    };
    let device = match FileDevice::open(path, &FileOptions::read_only()) {
        Ok(device) => device,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(6);
        }
    };
    let options = if strict {
        CheckOptions::strict()
    } else {
        CheckOptions::default()
    };
    match check(&device, &options, &mut |problem| println!("{problem}")) {
        Ok(summary) => {
            println!("{summary:#?}");
            ExitCode::from(u8::from(!summary.is_clean()))
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(10)
        }
    }
}
