//! Checks an image: `cargo run -p linkwright-ntfs-check --example check IMAGE`.

use std::process::ExitCode;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_ntfs_check::{CheckOptions, check};

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: check IMAGE");
        return ExitCode::from(2);
    };
    let device = match FileDevice::open(path, &FileOptions::read_only()) {
        Ok(device) => device,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(6);
        }
    };
    let options = CheckOptions::default();
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
