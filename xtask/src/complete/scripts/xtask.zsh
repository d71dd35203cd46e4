# Completion of `cargo xtask …`, and of a plain `xtask …`, for zsh. Printed by `cargo xtask completions zsh`; to be sourced
# after `compinit`.
#
# It asks the xtask that the project around the current directory built last. It starts no cargo and builds nothing. All
# other calls of cargo are completed by what completed them before.

# Sets `_xtask_found` to the project's xtask. One that is older than the code of the completion does not know it yet.
_xtask_find() {
    emulate -L zsh
    local dir=$PWD target binary
    typeset -g _xtask_found=
    until [[ -f $dir/xtask/Cargo.toml ]]; do
        [[ -n $dir ]] || return 1
        dir=${dir%/*}
    done
    [[ -f $dir/xtask/src/complete/mod.rs ]] || return 1
    target=${CARGO_TARGET_DIR:-${CARGO_BUILD_TARGET_DIR:-$dir/target}}
    for binary in $target/debug/xtask $target/release/xtask; do
        [[ -x $binary && $binary -nt $dir/xtask/src/complete/mod.rs ]] || continue
        [[ -z $_xtask_found || $binary -nt $_xtask_found ]] && _xtask_found=$binary
    done
    [[ -n $_xtask_found ]]
}

# Completes the words from the $1th on.
_xtask_answer() {
    local -a before lines after
    local kind
    before=("${(@Q)words[$1,CURRENT - 1]}")
    lines=("${(@f)$("$_xtask_found" __complete zsh -- "${before[@]}" "${(Q)PREFIX}" 2>/dev/null </dev/null)}")
    kind=$lines[1]
    shift lines
    # What stands before a path in the same word is no part of it.
    [[ $kind == words ]] || compset -P '--[^=]#=' || compset -P '--*='
    case $kind in
        words)
            (( $#lines )) || return 1
            # Where a value follows, no space does.
            [[ $lines[1] == *=(|:*) ]] && (( $#lines == 1 )) && after=(-S '')
            _describe -V -t xtask xtask lines "${after[@]}"
            ;;
        files) _files ;;
        directories) _files -/ ;;
        *) return 1 ;;
    esac
}

_xtask() {
    _xtask_find && _xtask_answer 2
}

_xtask_cargo() {
    local -i i
    for ((i = 2; i < CURRENT; i++)); do
        case $words[i] in
            xtask)
                _xtask_find || break
                _xtask_answer $((i + 1))
                return
                ;;
            --color | --config | -C | -Z) ((i++)) ;;
            -* | +*) ;;
            *) break ;;
        esac
    done
    ${_xtask_before:-_default} "$@"
}

if (( $+functions[compdef] )); then
    [[ ${_comps[cargo]:-} == _xtask_cargo ]] || typeset -g _xtask_before=${_comps[cargo]:-}
    compdef _xtask_cargo cargo
    compdef _xtask xtask
fi
