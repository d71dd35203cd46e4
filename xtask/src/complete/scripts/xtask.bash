# Completion of `cargo xtask …`, and of a plain `xtask …`, for bash 3.2 and newer. Printed by `cargo xtask completions bash`.
#
# It asks the xtask that the project around the current directory built last. It starts no cargo and builds nothing. All
# other calls of cargo are completed by what completed them before.

# Sets `_xtask_found` to the project's xtask. One that is older than the code of the completion does not know it yet.
_xtask_find() {
    local dir=$PWD target binary
    _xtask_found=
    until [[ -f $dir/xtask/Cargo.toml ]]; do
        [[ -n $dir ]] || return 1
        dir=${dir%/*}
    done
    [[ -f $dir/xtask/src/complete/mod.rs ]] || return 1
    target=${CARGO_TARGET_DIR:-${CARGO_BUILD_TARGET_DIR:-$dir/target}}
    for binary in "$target/debug/xtask" "$target/release/xtask"; do
        [[ -x $binary && $binary -nt $dir/xtask/src/complete/mod.rs ]] || continue
        [[ -z $_xtask_found || $binary -nt $_xtask_found ]] && _xtask_found=$binary
    done
    [[ -n $_xtask_found ]]
}

# Sets `_xtask_words` to the words up to the cursor. bash takes words apart at `=` and `:` too; here they are whole.
_xtask_split() {
    local line=${COMP_LINE:0:COMP_POINT} word i last=-1
    _xtask_words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $line == [[:space:]]* || $last -lt 0 ]]; then
            line=${line#"${line%%[![:space:]]*}"}
            last=$((last + 1))
        fi
        # Of the last word, only what stands before the cursor counts.
        ((i < COMP_CWORD)) || word=$line
        _xtask_words[last]=${_xtask_words[last]-}$word
        line=${line#"$word"}
    done
}

# Completes the words from the $1th on, of which bash replaces $2.
_xtask_answer() {
    local current=${_xtask_words[${#_xtask_words[@]} - 1]} word kind= prefix
    # The part of the word that stays on the line.
    prefix=${current%"$2"}
    [[ $prefix == *[=:,]* ]] && prefix=${prefix##*[\'\"]} || prefix=
    COMPREPLY=()
    while IFS= read -r word; do
        if [[ -z $kind ]]; then
            kind=$word
        else
            COMPREPLY[${#COMPREPLY[@]}]=${word#"$prefix"}
            # A value follows.
            [[ $word != *= ]] || compopt -o nospace 2>/dev/null
        fi
    done < <("$_xtask_found" __complete bash -- "${_xtask_words[@]:$1}" 2>/dev/null </dev/null)
    case $kind in
        files) compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$2")) ;;
        directories) compopt -o dirnames 2>/dev/null || COMPREPLY=($(compgen -d -- "$2")) ;;
    esac
}

_xtask() {
    COMPREPLY=()
    _xtask_find || return 0
    _xtask_split
    _xtask_answer 1 "$2"
}

_xtask_cargo() {
    local i count
    COMPREPLY=()
    _xtask_split
    count=${#_xtask_words[@]}
    for ((i = 1; i < count - 1; i++)); do
        case ${_xtask_words[i]} in
            xtask)
                _xtask_find || break
                _xtask_answer $((i + 1)) "$2"
                return
                ;;
            --color | --config | -C | -Z) i=$((i + 1)) ;;
            -* | +*) ;;
            *) break ;;
        esac
    done
    _xtask_hand_on "$@"
}

# Completes as before this script: with the function that was registered for cargo, else with the one that loads it, else
# with names of files.
_xtask_hand_on() {
    local spec i function= IFS=$' \t\n'
    if [[ -z $_xtask_before ]]; then
        spec=($(complete -p -D 2>/dev/null))
        for ((i = 1; i < ${#spec[@]}; i++)); do
            [[ ${spec[i]} == -F ]] && function=${spec[i + 1]}
        done
        if [[ -n $function ]]; then
            "$function" cargo "$2" "$3"
            _xtask_register
        fi
    fi
    spec=($_xtask_before)
    function=
    for ((i = 1; i < ${#spec[@]}; i++)); do
        case ${spec[i]} in
            -F) function=${spec[i + 1]} ;;
            -o) compopt -o "${spec[i + 1]}" 2>/dev/null ;;
        esac
    done
    COMPREPLY=()
    if [[ -n $function ]]; then
        "$function" "$@"
    else
        compopt -o bashdefault -o default 2>/dev/null
    fi
}

# Takes the place of what completes cargo now, and remembers it.
_xtask_register() {
    local now
    now=$(complete -p cargo 2>/dev/null)
    [[ -z $now || $now == *_xtask_cargo* ]] || _xtask_before=$now
    complete -F _xtask_cargo cargo
}

_xtask_before=${_xtask_before-}
_xtask_register
complete -F _xtask xtask
