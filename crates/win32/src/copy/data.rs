//! The bytes of a copy, stream by stream, and who is asked in between.

use std::sync::atomic::{AtomicBool, Ordering};

use linkwright_codes::Win32Error;
use linkwright_fs::{Capabilities, Error, StreamInfo};

use super::{Flags, ProgressRoutine};
use crate::constants::{
    CALLBACK_CHUNK_FINISHED, CALLBACK_STREAM_SWITCH, COPY_FILE_SKIP_ALTERNATE_STREAMS,
    PROGRESS_CANCEL, PROGRESS_QUIET, PROGRESS_STOP,
};
use crate::nt::objects::FileObject;
use crate::nt::status;

/// Bytes that are copied between two questions.
const PIECE: usize = 1 << 20;

/// How far a copy is, as a progress routine is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// TotalFileSize: bytes of all streams.
    pub total: u64,
    /// TotalBytesTransferred.
    pub transferred: u64,
    /// StreamSize: bytes of this stream.
    pub stream_size: u64,
    /// StreamBytesTransferred.
    pub stream_transferred: u64,
    /// dwStreamNumber, from 1.
    pub stream_number: u32,
    /// CALLBACK_STREAM_SWITCH before a stream, CALLBACK_CHUNK_FINISHED after each
    /// piece.
    pub reason: u32,
}

/// Why a copy ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It was called off; what was copied goes.
    Cancel,
    /// It was called off; what was copied stays.
    Keep,
    /// It failed; what was copied goes.
    Failed(Win32Error),
}

impl Stop {
    pub(super) fn code(self) -> Win32Error {
        match self {
            Self::Cancel | Self::Keep => Win32Error::REQUEST_ABORTED,
            Self::Failed(code) => code,
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(status::of(error).to_win32())
    }
}

/// What moves the bytes.
pub(super) struct Pump<'a> {
    progress: Option<ProgressRoutine<'a>>,
    cancel: Option<&'a AtomicBool>,
}

impl<'a> Pump<'a> {
    pub(super) fn new(
        progress: Option<ProgressRoutine<'a>>,
        cancel: Option<&'a AtomicBool>,
    ) -> Self {
        Self { progress, cancel }
    }

    /// All streams that the destination can have.
    pub(super) fn streams(
        &mut self,
        source: &FileObject,
        destination: &FileObject,
        flags: Flags,
    ) -> Result<(), Stop> {
        let named = destination
            .fs
            .capabilities()
            .contains(Capabilities::NAMED_STREAMS)
            && !flags.has(COPY_FILE_SKIP_ALTERNATE_STREAMS);
        let mut streams = source.fs.streams(&source.node)?;
        match &source.stream {
            // A stream that was opened by its name is copied alone.
            Some(own) => streams.retain(|stream| stream.name.as_ref() == Some(own)),
            None => streams.retain(|stream| stream.name.is_none() || named),
        }
        let total = streams.iter().map(|stream| stream.size).sum();
        let mut at = CopyProgress {
            total,
            transferred: 0,
            stream_size: 0,
            stream_transferred: 0,
            stream_number: 0,
            reason: CALLBACK_STREAM_SWITCH,
        };
        for stream in &streams {
            at.stream_number += 1;
            at.stream_size = stream.size;
            at.stream_transferred = 0;
            at.reason = CALLBACK_STREAM_SWITCH;
            self.ask(&at)?;
            self.stream(source, destination, stream, &mut at)?;
        }
        Ok(())
    }

    fn stream(
        &mut self,
        source: &FileObject,
        destination: &FileObject,
        stream: &StreamInfo,
        at: &mut CopyProgress,
    ) -> Result<(), Stop> {
        let from = stream.name.as_ref();
        let to = match source.stream {
            Some(_) => destination.stream.as_ref(),
            None => from,
        };
        if to.is_some() {
            destination.fs.set_len(&destination.node, to, 0)?;
        }
        let most = usize::try_from(stream.size).unwrap_or(PIECE).min(PIECE);
        let mut piece = vec![0; most];
        at.reason = CALLBACK_CHUNK_FINISHED;
        loop {
            let offset = at.stream_transferred;
            let read = source.fs.read_at(&source.node, from, offset, &mut piece)?;
            let Some(data) = piece.get(..read).filter(|data| !data.is_empty()) else {
                return Ok(());
            };
            destination
                .fs
                .write_at(&destination.node, to, offset, data)?;
            let read = u64::try_from(read).unwrap_or(u64::MAX);
            at.stream_transferred += read;
            at.transferred += read;
            self.ask(at)?;
        }
    }

    /// Whether to go on.
    fn ask(&mut self, at: &CopyProgress) -> Result<(), Stop> {
        if self
            .cancel
            .is_some_and(|cancel| cancel.load(Ordering::Relaxed))
        {
            return Err(Stop::Cancel);
        }
        let Some(progress) = &mut self.progress else {
            return Ok(());
        };
        match progress(at) {
            PROGRESS_CANCEL => Err(Stop::Cancel),
            PROGRESS_STOP => Err(Stop::Keep),
            PROGRESS_QUIET => {
                self.progress = None;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
