//! Solves the equations: a fixed number of rounds over the functions, of which the later ones only look at what changed.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    Additions, Known, MAX_TYPES, Node, Pending, READS, ROUNDS, Ty, TypeTable, Types, key_of,
};
use crate::program::memo::{Changed, Keys, Log, Reads, reads_of};
use crate::program::world::{ClassGid, FuncGid, World, to_u32};

/// So many functions are evaluated before their additions are gathered: bounds what waits in memory.
const BATCH: usize = 2048;

/// What one function said in one round.
#[derive(Default)]
struct Said {
    additions: Additions,
    /// The nodes that it read; where somebody will want to know, also those that it adds to, and the functions whose
    /// facts it read.
    reads: Reads,
}

/// The solution, and how it came about.
pub(crate) struct Solved {
    pub(crate) table: TypeTable,
    /// What each function added in each round; empty when nobody will want to know.
    said: [Vec<Additions>; ROUNDS],
    /// What each function read for that.
    log: Log,
}

/// Solves the equations of the whole project.
pub(crate) fn solve(world: &World) -> Solved {
    let n = world.n_functions();
    let mut table = TypeTable { nodes: Arc::default(), round: ROUNDS };
    let mut active: Vec<FuncGid> = (0..n).collect();
    let mut reads = vec![Reads::default(); n as usize];
    let kept = if world.remembers { n as usize } else { 0 };
    let mut said = [(); ROUNDS].map(|()| vec![Additions::new(); kept]);
    for (round, said) in said.iter_mut().enumerate() {
        // What one round adds is seen by the next, so the order of the functions does not matter; it is gathered in
        // batches because most of it is said many times.
        let mut pending = Pending::default();
        for batch in active.chunks(BATCH) {
            let batch = batch.par_iter().with_min_len(64);
            let added: Vec<(FuncGid, Said)> =
                batch.filter_map(|it| Some((*it, table.evaluate(world, *it)?))).collect();
            for (func, it) in added {
                let func = func as usize;
                if world.remembers {
                    said[func].clone_from(&it.additions);
                    reads[func].add(it.reads);
                } else {
                    reads[func] = it.reads;
                }
                for (node, types) in it.additions {
                    table.gather(&mut pending, node, types);
                }
            }
        }
        let changed: Keys = pending.keys().map(key_of).collect();
        table.merge(pending, round);
        // Only who reads what changed is evaluated again.
        active = readers(&reads, &changed);
        if active.is_empty() {
            break;
        }
    }
    let log = Log::new(if world.remembers { reads } else { Vec::new() });
    Solved { table, said, log }
}

/// The functions that read something of this, in order.
fn readers(reads: &[Reads], changed: &Keys) -> Vec<FuncGid> {
    let all = reads.par_iter().enumerate().with_min_len(1024);
    all.filter(|it| it.1.has_of(changed)).map(|it| to_u32(it.0)).collect()
}

/// The nodes whose types an edit may change, with what was known of each before.
type Touched = FxHashMap<Node, Known>;

impl Solved {
    /// Brings the solution up to date after an edit inside of functions, and notes what is another now. Round by round, whatever the edited functions, or those that read what they said, say otherwise than
    /// before is put in the place of it, so that the same comes out as from [`solve`].
    pub(crate) fn update(&mut self, world: &World, changed: &mut Changed) {
        let edited = self.log.stale(changed);
        let mut touched = Touched::default();
        let mut moved = Keys::default();
        for round in 0..ROUNDS {
            let mut again = edited.clone();
            if !moved.is_empty() {
                again.extend(self.log.readers_of_keys(&moved));
                again.sort_unstable();
                again.dedup();
            }
            self.say_again(world, round, &again, &mut touched);
            if !touched.is_empty() {
                self.gather_again(round, &touched);
                let other = touched.iter().filter(|(node, before)| {
                    self.table.nodes.get(node).map_or(&[][..], |it| it.until(round))
                        != before.until(round)
                });
                moved = other.map(|it| key_of(it.0)).collect();
            }
        }
        let nodes = Arc::make_mut(&mut self.table.nodes);
        #[expect(clippy::iter_over_hash_type, reason = "each is looked at by itself")]
        for (node, before) in &touched {
            let now = nodes.get(node).map_or(&[][..], |it| it.types.as_slice());
            let before = &before.types;
            changed.instances |= matches!(node, Node::Attr(..) | Node::Cell(..) | Node::Global(..))
                && !instances(before).eq(instances(now));
            changed.externals |=
                matches!(node, Node::Attr(..)) && !externals(before).eq(externals(now));
            if now.is_empty() {
                nodes.remove(node);
            }
        }
        changed.add_keys(&moved);
    }

    /// Evaluates functions in one round. Adds to `touched` the nodes to which they add something else than before.
    fn say_again(
        &mut self,
        world: &World,
        round: usize,
        functions: &[FuncGid],
        touched: &mut Touched,
    ) {
        let table = TypeTable { round, ..self.table.clone() };
        let all = functions.par_iter();
        let all: Vec<(FuncGid, Said)> =
            all.map(|it| (*it, table.evaluate(world, *it).unwrap_or_default())).collect();
        for (func, it) in all {
            self.log.add(func, &it.reads);
            let said = &mut self.said[round][func as usize];
            if *said == it.additions {
                continue;
            }
            for (node, _) in said.iter().chain(&it.additions) {
                if !touched.contains_key(node) {
                    let before = self.table.nodes.get(node).cloned().unwrap_or_default();
                    touched.insert(node.clone(), before);
                }
            }
            *said = it.additions;
        }
    }

    /// Gathers once more what is added to these nodes in one round.
    fn gather_again(&mut self, round: usize, touched: &Touched) {
        let nodes: &mut FxHashMap<Node, Known> = Arc::make_mut(&mut self.table.nodes);
        #[expect(clippy::iter_over_hash_type, reason = "each is looked at by itself")]
        for node in touched.keys() {
            if let Some(known) = nodes.get_mut(node) {
                known.forget_from(round);
            }
        }
        let mut pending = Pending::default();
        for func in self.log.readers_of_keys(&touched.keys().map(key_of).collect()) {
            for (node, types) in &self.said[round][func as usize] {
                if touched.contains_key(node) {
                    self.table.gather(&mut pending, node.clone(), types.clone());
                }
            }
        }
        self.table.merge(pending, round);
    }
}

impl Known {
    /// What is known after a round.
    fn until(&self, round: usize) -> &[Ty] {
        &self.types[..usize::from(self.after[round])]
    }

    /// Only what was known before this round remains.
    fn forget_from(&mut self, round: usize) {
        let n = round.checked_sub(1).map_or(0, |it| self.after[it]);
        self.types.truncate(usize::from(n));
        self.after[round..].fill(n);
    }
}

impl TypeTable {
    /// What one function adds, and what it reads for that.
    fn evaluate(&self, world: &World, func: FuncGid) -> Option<Said> {
        let mut additions = Additions::new();
        let mut reads = if world.remembers {
            reads_of(world, func, || self.flow(world, func, &mut additions)).1
        } else {
            READS.set(Some(Vec::new()));
            self.flow(world, func, &mut additions);
            Reads::of_keys(READS.take().unwrap_or_default())
        };
        if world.remembers {
            // Whether something is new depends on what is known of it.
            reads.add(Reads::of_keys(additions.iter().map(|it| key_of(&it.0))));
        }
        let says = !additions.is_empty() || !reads.is_empty();
        // Most of what the later rounds say is known.
        additions.retain(|(node, types)| self.adds(node, types));
        says.then(|| Said { additions: distinct(additions), reads })
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

/// The classes of which these are instances.
fn instances(types: &[Ty]) -> impl Iterator<Item = ClassGid> {
    types.iter().filter_map(|it| match it {
        Ty::Instance(class) => Some(*class),
        _ => None,
    })
}

/// Those of these that were not made from classes of the project.
fn externals(types: &[Ty]) -> impl Iterator<Item = &Ty> {
    types.iter().filter(|it| matches!(it, Ty::External(..)))
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
