//! One declaration of a code table: associated constants and rows for the lookups.

/// What is known of one code. `M` is what it maps to, if anything.
pub(crate) struct Row<M> {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    pub(crate) maps_to: M,
}

/// The row of a number; `rows` must be in ascending order.
pub(crate) fn by_number<M>(rows: &'static [Row<M>], number: u32) -> Option<&'static Row<M>> {
    let at = rows.binary_search_by_key(&number, |row| row.number).ok()?;
    rows.get(at)
}

/// The row of a name, with or without `prefix`; case does not count.
pub(crate) fn by_name<M>(
    rows: &'static [Row<M>],
    prefix: &str,
    name: &str,
) -> Option<&'static Row<M>> {
    let matches = |known: &str| known.eq_ignore_ascii_case(name);
    rows.iter()
        .find(|row| matches(row.name) || row.name.strip_prefix(prefix).is_some_and(matches))
}

/// Declares the known codes of a type: `NAME = number, "text";`, for statuses
/// `NAME = number => WIN32_NAME, "text";`.
macro_rules! codes {
    ($type:ident, $prefix:literal, $table:ident: $maps_to:ty;
     $($name:ident = $value:literal $(=> $win32:ident)?, $text:literal;)*) => {
        impl $type {
            $(
                #[doc = concat!("`", $prefix, stringify!($name), "` (", $value, "): ", $text)]
                pub const $name: Self = Self($value);
            )*
        }
        /// Every known code, in ascending order.
        pub(crate) const $table: &[$crate::table::Row<$maps_to>] = &[$(
            $crate::table::Row {
                number: $value,
                name: concat!($prefix, stringify!($name)),
                text: $text,
                maps_to: ($($crate::win32::Win32Error::$win32)?),
            },
        )*];
    };
}
pub(crate) use codes;
