//! The volume's own indexes in `$Extend`.

use linkwright_ntfs_format::RecordNumber;

use crate::engine::Engine;
use crate::error::Result;
use crate::index::directory::NameCase;

impl Engine {
    /// The file of a name in `$Extend`; `None` when the volume has none.
    pub(crate) fn extend_file(&self, name: &str) -> Result<Option<RecordNumber>> {
        let extend = self.reference_to(RecordNumber::EXTEND)?;
        let units: Vec<u16> = name.encode_utf16().collect();
        let found = self.lookup_entry(extend.record(), &units, NameCase::Sensitive)?;
        Ok(found.map(|entry| entry.reference().record()))
    }
}
