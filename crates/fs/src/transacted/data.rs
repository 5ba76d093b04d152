//! Changed streams: pages in scratch space over the bytes of the volume.

use std::collections::BTreeMap;

use crate::error::{ErrorKind, Result};
use crate::{FileSystem, Node, Scratch, StreamName};

/// Bytes of a page.
pub(super) const PAGE: u64 = 4096;
const PAGE_BYTES: usize = 4096;

/// The longest stream of NTFS (bytes), as the engine has it.
const MAX_LEN: u64 = i64::MAX.unsigned_abs() - (4 << 20);

/// Pages of scratch space: which are taken, which were given back.
#[derive(Default)]
pub(super) struct Pages {
    scratch: Option<Box<dyn Scratch>>,
    next: u64,
    free: Vec<u64>,
}

impl Pages {
    fn take(&mut self, base: &dyn FileSystem) -> Result<u64> {
        if let Some(page) = self.free.pop() {
            return Ok(page);
        }
        let scratch = match &mut self.scratch {
            Some(scratch) => scratch,
            none => none.insert(base.scratch()?),
        };
        scratch.grow((self.next + 1) * PAGE)?;
        self.next += 1;
        Ok(self.next - 1)
    }

    fn scratch(&self) -> Result<&dyn Scratch> {
        // A page is taken before it is read or written.
        self.scratch
            .as_deref()
            .ok_or_else(|| ErrorKind::InvalidArgument.into())
    }

    pub(super) fn give_back(&mut self, pages: impl IntoIterator<Item = u64>) {
        self.free.extend(pages);
    }
}

/// A stream that the transaction made or changed.
pub(super) struct StreamData {
    pub(super) name: Option<StreamName>,
    /// Bytes of the volume's stream that still show through, from its start;
    /// `None` for a stream that is not on the volume.
    pub(super) shown: Option<u64>,
    /// Bytes the volume's stream had.
    pub(super) before: u64,
    /// The volume has a stream of that name, which was removed.
    pub(super) replaces: bool,
    pub(super) len: u64,
    /// Page of the stream to page of the scratch space.
    pub(super) pages: BTreeMap<u64, u64>,
}

/// Where the bytes of a stream come from.
pub(super) struct Source<'a> {
    pub(super) base: &'a dyn FileSystem,
    pub(super) node: &'a Node,
}

impl StreamData {
    /// A stream that is on the volume with `len` bytes.
    pub(super) fn stored(name: Option<StreamName>, len: u64) -> Self {
        Self {
            name,
            shown: Some(len),
            before: len,
            replaces: false,
            len,
            pages: BTreeMap::new(),
        }
    }

    /// A new empty stream.
    pub(super) fn fresh(name: Option<StreamName>, replaces: bool) -> Self {
        Self {
            name,
            shown: None,
            before: 0,
            replaces,
            len: 0,
            pages: BTreeMap::new(),
        }
    }

    /// Reads at most `buf.len()` bytes; 0 at the end.
    pub(super) fn read(
        &self,
        source: &Source<'_>,
        pages: &Pages,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let mut done = 0;
        while done < wanted {
            let at = offset + done as u64;
            let inside = usize::try_from(at % PAGE).unwrap_or(0);
            let take = (PAGE_BYTES - inside).min(wanted - done);
            let part = &mut buf[done..done + take];
            match self.pages.get(&(at / PAGE)) {
                Some(page) => pages
                    .scratch()?
                    .read_at(page * PAGE + inside as u64, part)?,
                None => self.read_shown(source, at, part)?,
            }
            done += take;
        }
        Ok(wanted)
    }

    /// What the volume's stream shows of a page, zeros behind it.
    fn read_shown(&self, source: &Source<'_>, at: u64, part: &mut [u8]) -> Result<()> {
        part.fill(0);
        let shown = self.shown.unwrap_or(0).saturating_sub(at);
        let most = usize::try_from(shown).unwrap_or(usize::MAX).min(part.len());
        let mut done = 0;
        while done < most {
            let got = source.base.read_at(
                source.node,
                self.name.as_ref(),
                at + done as u64,
                &mut part[done..most],
            )?;
            if got == 0 {
                break;
            }
            done += got;
        }
        Ok(())
    }

    /// Writes all of `data`; the stream grows as needed.
    pub(super) fn write(
        &mut self,
        source: &Source<'_>,
        pages: &mut Pages,
        offset: u64,
        data: &[u8],
    ) -> Result<()> {
        let end = offset
            .checked_add(data.len() as u64)
            .filter(|end| *end <= MAX_LEN)
            .ok_or(ErrorKind::FileTooLarge)?;
        if data.is_empty() {
            return Ok(());
        }
        self.take_pages(source, pages, offset, end)?;
        let mut done = 0;
        while done < data.len() {
            let at = offset + done as u64;
            let inside = usize::try_from(at % PAGE).unwrap_or(0);
            let take = (PAGE_BYTES - inside).min(data.len() - done);
            let page = self.pages.get(&(at / PAGE)).copied().unwrap_or(0);
            pages
                .scratch()?
                .write_at(page * PAGE + inside as u64, &data[done..done + take])?;
            done += take;
        }
        self.len = self.len.max(end);
        Ok(())
    }

    /// Gives the stream pages of its own for a range, with what it shows there,
    /// so that a write cannot fail half-way for want of space.
    fn take_pages(
        &mut self,
        source: &Source<'_>,
        pages: &mut Pages,
        offset: u64,
        end: u64,
    ) -> Result<()> {
        let mut content = vec![0; PAGE_BYTES];
        for number in offset / PAGE..end.div_ceil(PAGE) {
            if self.pages.contains_key(&number) {
                continue;
            }
            let page = pages.take(source.base)?;
            let whole = offset <= number * PAGE && end >= (number + 1) * PAGE;
            if !whole {
                self.read_shown(source, number * PAGE, &mut content)?;
                pages.scratch()?.write_at(page * PAGE, &content)?;
            }
            self.pages.insert(number, page);
        }
        Ok(())
    }

    /// Cuts the stream, or grows it with zeros.
    pub(super) fn set_len(&mut self, pages: &mut Pages, len: u64) -> Result<()> {
        if len > MAX_LEN {
            return Err(ErrorKind::FileTooLarge.into());
        }
        if len < self.len {
            self.shown = self.shown.map(|shown| shown.min(len));
            let cut = self.pages.split_off(&len.div_ceil(PAGE));
            pages.give_back(cut.into_values());
            let inside = usize::try_from(len % PAGE).unwrap_or(0);
            if inside > 0
                && let Some(page) = self.pages.get(&(len / PAGE))
            {
                let zeros = vec![0; PAGE_BYTES - inside];
                pages
                    .scratch()?
                    .write_at(page * PAGE + inside as u64, &zeros)?;
            }
        }
        self.len = len;
        Ok(())
    }

    /// Bytes of the medium it will take, roughly.
    pub(super) fn allocated(&self, cluster: u32) -> u64 {
        match self.len {
            small @ 0..=256 => small.next_multiple_of(8),
            len => len.next_multiple_of(u64::from(cluster.max(1))),
        }
    }

    /// Brings the stream into a file of the volume.
    pub(super) fn apply(&self, fs: &dyn FileSystem, node: &Node, pages: &Pages) -> Result<()> {
        let name = self.name.as_ref();
        let shown = self.shown.unwrap_or(0);
        if let (true, Some(name)) = (self.replaces, name) {
            fs.remove_stream(node, name)?;
        }
        if self.shown.is_none() || shown < self.before {
            fs.set_len(node, name, shown)?;
        }
        if self.len != shown || self.shown.is_none() {
            fs.set_len(node, name, self.len)?;
        }
        let mut buffer = Vec::with_capacity(RUN);
        let mut start = 0;
        for (number, page) in &self.pages {
            let at = number * PAGE;
            let left = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
            let take = left.min(PAGE_BYTES);
            if start + buffer.len() as u64 != at || buffer.len() >= RUN {
                flush(fs, node, name, start, &mut buffer)?;
                start = at;
            }
            let filled = buffer.len();
            buffer.resize(filled + take, 0);
            pages
                .scratch()?
                .read_at(page * PAGE, &mut buffer[filled..])?;
        }
        flush(fs, node, name, start, &mut buffer)
    }
}

/// Bytes written to the volume at a time.
const RUN: usize = 1 << 20;

fn flush(
    fs: &dyn FileSystem,
    node: &Node,
    name: Option<&StreamName>,
    start: u64,
    buffer: &mut Vec<u8>,
) -> Result<()> {
    if !buffer.is_empty() {
        fs.write_at(node, name, start, buffer)?;
        buffer.clear();
    }
    Ok(())
}
