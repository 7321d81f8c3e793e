//! The system calls that a confined child is refused. Each gives "permission denied", which the code can report.

use rustix::process::Pid;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// What no replay needs, and what Landlock does not see.
const REFUSED: &[libc::c_long] = &[
    // The network, and services of this machine behind local sockets. `socketpair` stays, for event loops.
    libc::SYS_socket,
    // Does what other calls do, past this filter.
    libc::SYS_io_uring_setup,
    // Modes, owners and attributes of files that can only be read.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchmodat2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_open_by_handle_at,
    // Objects that outlive their process.
    libc::SYS_shmget,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    libc::SYS_add_key,
    // A session of its own would leave the process group, which is killed as a whole.
    libc::SYS_setsid,
    // The administration of the machine, for those who run as root.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_reboot,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
];

/// The same in the older forms that newer architectures do not have.
#[cfg(target_arch = "x86_64")]
const OLDER: &[libc::c_long] = &[
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[libc::c_long] = &[];

/// On x86-64 each call has a second number, for programs with short pointers.
const SHORT_POINTERS: libc::c_long = 0x4000_0000;

/// Why there is no filter.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Filter(#[from] BackendError),
    #[error(transparent)]
    Apply(#[from] seccompiler::Error),
}

/// Restricts this thread and what it starts. The only process group that may be entered is `group`.
pub(super) fn restrict(group: Pid) -> Result<(), Refusal> {
    let program: BpfProgram = filter(group)?.try_into()?;
    Ok(seccompiler::apply_filter(&program)?)
}

fn filter(group: Pid) -> Result<SeccompFilter, BackendError> {
    let mut rules = BTreeMap::new();
    for number in REFUSED.iter().chain(OLDER) {
        rules.insert(*number, Vec::new());
    }
    let other = |index: u8, value: i32| {
        let value = u64::from(value.cast_unsigned());
        let condition =
            SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, value)?;
        SeccompRule::new(vec![condition])
    };
    rules.insert(libc::SYS_setpgid, vec![other(0, 0)?, other(1, group.as_raw_nonzero().get())?]);
    if cfg!(target_arch = "x86_64") {
        let second = rules.iter().map(|(number, rule)| (number | SHORT_POINTERS, rule.clone()));
        let second = second.collect::<Vec<_>>();
        rules.extend(second);
    }
    let denied = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    let target = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, SeccompAction::Allow, denied, target)
}
