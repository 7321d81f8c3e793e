//! Solves the equations: a fixed number of rounds over the functions, of which the later ones only look at what changed.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Additions, Known, MAX_TYPES, Node, Pending, READS, ROUNDS, TypeTable, Types, hash_of};
use crate::program::memo::{Changed, Reads, reads_of};
use crate::program::world::{FuncGid, World};

/// So many functions are evaluated before their additions are gathered: bounds what waits in memory.
const BATCH: usize = 2048;

/// What one function said in one round.
struct Said {
    func: FuncGid,
    additions: Additions,
    /// The nodes it read, by hash.
    nodes: Box<[u32]>,
    /// The other functions whose facts it read.
    functions: Reads,
}

/// The solution, and how it came about.
pub(crate) struct Solved {
    pub(crate) table: TypeTable,
    /// What each function added in each round; empty when nobody will want to know.
    said: [Vec<Additions>; ROUNDS],
    /// The functions whose facts each function read for that.
    reads: Vec<Reads>,
}

/// Solves the equations of the whole project.
pub(crate) fn solve(world: &World) -> Solved {
    let n = world.n_functions();
    let mut table = TypeTable { nodes: Arc::default(), round: ROUNDS };
    let mut active: Vec<FuncGid> = (0..n).collect();
    let mut nodes: Vec<Box<[u32]>> = vec![Box::default(); n as usize];
    let kept = if world.remembers { n as usize } else { 0 };
    let mut said = [(); ROUNDS].map(|()| vec![Additions::new(); kept]);
    let mut reads = vec![Reads::default(); kept];
    for (round, said) in said.iter_mut().enumerate() {
        // What one round adds is seen by the next, so the order of the functions does not matter; it is gathered in
        // batches because most of it is said many times.
        let mut pending = Pending::default();
        for batch in active.chunks(BATCH) {
            let batch = batch.par_iter().with_min_len(64);
            let added: Vec<Said> = batch.filter_map(|it| table.evaluate(world, *it)).collect();
            for it in added {
                let func = it.func as usize;
                nodes[func] = it.nodes;
                if world.remembers {
                    said[func].clone_from(&it.additions);
                    reads[func].add(it.functions);
                }
                for (node, types) in it.additions {
                    table.gather(&mut pending, node, types);
                }
            }
        }
        let changed: FxHashSet<u32> = pending.keys().map(hash_of).collect();
        table.merge(pending, round);
        // Only who reads what changed is evaluated again.
        active = (0..n)
            .into_par_iter()
            .with_min_len(1024)
            .filter(|it| nodes[*it as usize].iter().any(|it| changed.contains(it)))
            .collect();
        if active.is_empty() {
            break;
        }
    }
    Solved { table, said, reads }
}

impl Solved {
    /// Whether the solution is the same after an edit inside of functions; otherwise this is the new one.
    pub(crate) fn stays(&mut self, world: &World, changed: &Changed) -> bool {
        if self.is_said_again(world, changed) {
            return true;
        }
        let before = std::mem::replace(self, solve(world));
        before.table == self.table
    }

    /// Whether each function says in each round what it said before, so that nothing follows that did not.
    fn is_said_again(&mut self, world: &World, changed: &Changed) -> bool {
        let rounds: Vec<TypeTable> =
            (0..ROUNDS).map(|round| TypeTable { round, ..self.table.clone() }).collect();
        let stale: Vec<FuncGid> = changed.stale(&self.reads);
        let one = |func: FuncGid| {
            let mut reads = Reads::default();
            let same = rounds.iter().zip(&self.said).all(|(table, said)| {
                let (additions, read) = match table.evaluate(world, func) {
                    Some(it) => (it.additions, it.functions),
                    None => Default::default(),
                };
                reads.add(read);
                additions == said[func as usize]
            });
            same.then_some((func, reads))
        };
        let all: Option<Vec<(FuncGid, Reads)>> = stale.into_par_iter().map(one).collect();
        let Some(all) = all else { return false };
        for (func, reads) in all {
            self.reads[func as usize] = reads;
        }
        true
    }
}

impl TypeTable {
    /// What one function adds, and what it reads for that.
    fn evaluate(&self, world: &World, func: FuncGid) -> Option<Said> {
        let mut additions = Additions::new();
        READS.set(Some(Vec::new()));
        let ((), functions) = reads_of(world, func, || self.flow(world, func, &mut additions));
        let mut nodes = READS.take().unwrap_or_default();
        nodes.sort_unstable();
        nodes.dedup();
        let says = !additions.is_empty() || !nodes.is_empty() || !functions.is_empty();
        // Most of what the later rounds say is known.
        additions.retain(|(node, types)| self.adds(node, types));
        says.then(|| Said { func, additions: distinct(additions), nodes: nodes.into(), functions })
    }

    /// Whether some of these types are not known yet and can be kept.
    fn adds(&self, node: &Node, types: &Types) -> bool {
        let known = self.known(node);
        known.len() < MAX_TYPES && !types.iter().all(|it| known.contains(it))
    }

    /// Keeps what is not known yet for the end of the round.
    fn gather(&self, pending: &mut Pending, node: Node, types: Types) {
        let known = self.known(&node);
        let have = pending.entry(node).or_default();
        for ty in types {
            if known.len() + have.len() < MAX_TYPES && !known.contains(&ty) && !have.contains(&ty) {
                have.push(ty);
            }
        }
    }

    fn merge(&mut self, pending: Pending, round: usize) {
        let nodes: &mut FxHashMap<Node, Known> = Arc::make_mut(&mut self.nodes);
        nodes.reserve(pending.len());
        #[expect(clippy::iter_over_hash_type, reason = "each goes to a node of its own")]
        for (node, types) in pending {
            let known = nodes.entry(node).or_default();
            known.types.extend(types);
            let n = u8::try_from(known.types.len()).unwrap_or(u8::MAX);
            known.after[round..].fill(n);
        }
    }
}

/// Said once is enough.
fn distinct(additions: Additions) -> Additions {
    let mut out = Additions::with_capacity(additions.len());
    for it in additions {
        // Long lists are those of generated code; there, twice is no loss.
        if out.len() > 64 || !out.contains(&it) {
            out.push(it);
        }
    }
    out
}
