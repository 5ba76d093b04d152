//! The contents of `$UpCase`.

/// Bytes of the stream: 65,536 units.
pub(crate) const STREAM_LEN: u64 = 128 << 10;

/// The table, little-endian.
pub(crate) fn stream() -> Vec<u8> {
    (0..=u16::MAX)
        .flat_map(|unit| fold(unit).to_le_bytes())
        .collect()
}

/// Upper case of one unit.
fn fold(unit: u16) -> u16 {
    let Some(character) = char::from_u32(u32::from(unit)) else {
        return unit;
    };
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => u16::try_from(u32::from(only)).unwrap_or(unit),
        _ => unit,
    }
}
