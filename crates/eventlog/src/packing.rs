//! A second pair of hands for large commits: full blocks are compressed while the next are gathered.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::format::{BlockBuilder, EncodedBlock, Gathered, Packer};

/// The helper thread and what it still owes.
#[derive(Debug)]
pub(crate) struct Packing {
    todo: Option<Sender<Gathered>>,
    done: Receiver<EncodedBlock>,
    owed: usize,
}

impl Packing {
    /// Starts the helper; without one the writer compresses everything itself.
    pub(crate) fn new() -> Self {
        let (todo, gathered) = mpsc::channel::<Gathered>();
        let (packed, done) = mpsc::channel();
        let helper = thread::Builder::new()
            .name("log-packer".to_owned())
            .spawn(move || {
                let mut packer = Packer::new();
                // Ends with the writer.
                for block in gathered {
                    if packed.send(packer.pack(&block)).is_err() {
                        return;
                    }
                }
            });
        Self {
            todo: helper.ok().map(|_| todo),
            done,
            owed: 0,
        }
    }

    /// Ends the block under way; more will follow, so it is compressed meanwhile.
    pub(crate) fn pass(&mut self, builder: &mut BlockBuilder, blocks: &mut Vec<EncodedBlock>) {
        match &self.todo {
            Some(todo) => {
                if let Some(block) = builder.gathered()
                    && todo.send(block).is_ok()
                {
                    self.owed += 1;
                }
            }
            None => blocks.extend(builder.finish()),
        }
    }

    /// Ends the last block and puts all in order into `blocks`. False when the helper is gone: the
    /// commit is not whole then.
    #[must_use]
    pub(crate) fn finish(
        &mut self,
        builder: &mut BlockBuilder,
        blocks: &mut Vec<EncodedBlock>,
    ) -> bool {
        let last = builder.finish();
        while self.owed > 0 {
            let Ok(block) = self.done.recv() else {
                return false;
            };
            blocks.push(block);
            self.owed -= 1;
        }
        blocks.extend(last);
        true
    }
}
