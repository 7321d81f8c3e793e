//! The system calls that a confined child is refused. Each gives "permission denied", which the code can report.

use rustix::process::Pid;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// What no replay needs, and what Landlock does not see.
const REFUSED: &[libc::c_long] = &[
    // The network, and services of this machine behind local sockets. A socket itself may be made: many constructors
    // make one. `socketpair` stays, for event loops; what it sends names no address, and passes.
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
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

/// What says "network is unreachable", as on a machine that has none: code is mostly ready for that.
const OFFLINE: &[libc::c_long] = &[libc::SYS_connect];

/// The families of sockets that may be made. Others (netlink, raw packets, virtual machines) talk without an address.
const FAMILIES: [i32; 3] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];

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
    for (rules, error) in [(denied(group)?, libc::EACCES), (offline()?, libc::ENETUNREACH)] {
        let program: BpfProgram = filter(rules, error)?.try_into()?;
        seccompiler::apply_filter(&program)?;
    }
    Ok(())
}

type Rules = BTreeMap<libc::c_long, Vec<SeccompRule>>;

fn denied(group: Pid) -> Result<Rules, BackendError> {
    let mut rules: Rules = REFUSED.iter().chain(OLDER).map(|it| (*it, Vec::new())).collect();
    let group = group.as_raw_nonzero().get();
    let strange = FAMILIES.map(|it| (0, SeccompCmpOp::Ne, it));
    rules.insert(libc::SYS_socket, vec![rule(&strange)?]);
    // Joining a group tells the network about it. Other options of the Internet families are of no use without an address.
    let level = |it| rule(&[(1, SeccompCmpOp::Eq, it)]);
    rules.insert(libc::SYS_setsockopt, vec![level(libc::IPPROTO_IP)?, level(libc::IPPROTO_IPV6)?]);
    let other = |index, it| rule(&[(index, SeccompCmpOp::Ne, it)]);
    rules.insert(libc::SYS_setpgid, vec![other(0, 0)?, other(1, group)?]);
    Ok(rules)
}

fn offline() -> Result<Rules, BackendError> {
    let mut rules: Rules = OFFLINE.iter().map(|it| (*it, Vec::new())).collect();
    // `send` is `sendto` without an address: argument 4 is a null pointer then.
    let addressed = SeccompCondition::new(4, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)?;
    rules.insert(libc::SYS_sendto, vec![SeccompRule::new(vec![addressed])?]);
    Ok(rules)
}

/// A rule for calls in which all these arguments, each told by its number, compare so.
fn rule(arguments: &[(u8, SeccompCmpOp, i32)]) -> Result<SeccompRule, BackendError> {
    let conditions = arguments.iter().map(|(index, operator, value)| {
        let value = u64::from(value.cast_unsigned());
        SeccompCondition::new(*index, SeccompCmpArgLen::Dword, operator.clone(), value)
    });
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}

fn filter(mut rules: Rules, error: i32) -> Result<SeccompFilter, BackendError> {
    if cfg!(target_arch = "x86_64") {
        let second = rules.iter().map(|(number, rule)| (number | SHORT_POINTERS, rule.clone()));
        let second = second.collect::<Vec<_>>();
        rules.extend(second);
    }
    let denied = SeccompAction::Errno(error.unsigned_abs());
    let target = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, SeccompAction::Allow, denied, target)
}
