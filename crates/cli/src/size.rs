//! Sizes as people write and read them.

/// `64M`, `2G`, `4096`, `64KiB`: bytes, in powers of 1,024.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let shift = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

/// The largest unit that leaves at least one, with one decimal.
pub(crate) fn show(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, shift) in UNITS {
        if bytes >> shift > 0 {
            let tenths = (u128::from(bytes) * 10) >> shift;
            return match tenths % 10 {
                0 => format!("{} {unit}", tenths / 10),
                tenth => format!("{}.{tenth} {unit}", tenths / 10),
            };
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse("4096"), Some(4096));
        assert_eq!(parse("64M"), Some(64 << 20));
        assert_eq!(parse("64MiB"), Some(64 << 20));
        assert_eq!(parse("2 g"), Some(2 << 30));
        assert_eq!(parse("256T"), Some(256 << 40));
        for bad in ["", "M", "1X", "-1", "1.5G", "99999999999T"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_shown() {
        assert_eq!(show(0), "0 bytes");
        assert_eq!(show(1536), "1.5 KiB");
        assert_eq!(show(64 << 20), "64 MiB");
        assert_eq!(show(u64::MAX), "16777215.9 TiB");
    }
}
