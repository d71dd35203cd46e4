# Completion of `cargo xtask …`, and of a plain `xtask …`, for fish. Printed by `cargo xtask completions fish`.
#
# It asks the xtask that the project around the current directory built last. It starts no cargo and builds nothing. All
# other calls of cargo are completed as before.

# Prints the project's xtask. One that is older than the code of the completion does not know it yet.
function __xtask_find
    set -l dir $PWD
    while not test -f $dir/xtask/Cargo.toml
        test -n "$dir"; or return 1
        set dir (string replace -r '/[^/]*$' '' -- $dir)
    end
    set -l code $dir/xtask/src/complete/mod.rs
    test -f $code; or return 1
    set -l target $dir/target
    set -q CARGO_BUILD_TARGET_DIR; and set target $CARGO_BUILD_TARGET_DIR
    set -q CARGO_TARGET_DIR; and set target $CARGO_TARGET_DIR
    set -l found
    for binary in $target/debug/xtask $target/release/xtask
        test -x $binary; and command test $binary -nt $code; or continue
        set -q found[1]; and command test $found -nt $binary; and continue
        set found $binary
    end
    set -q found[1]; and echo $found
end

# Prints the words after `xtask`, up to the cursor; fails when another command is meant.
function __xtask_words
    set -l before (commandline -opc)
    if not string match -qr '(^|/)xtask$' -- $before[1]
        set -e before[1]
        while set -q before[1]; and test "$before[1]" != xtask
            switch $before[1]
                case --color --config -C -Z
                    set -e before[1]
                case '-*' '+*'
                case '*'
                    return 1
            end
            set -e before[1]
        end
        set -q before[1]; or return 1
    end
    set -e before[1]
    # Without words, not even an empty line.
    set -q before[1]; and printf '%s\n' $before
    return 0
end

function __xtask_wanted
    __xtask_words >/dev/null; and __xtask_find >/dev/null
end

function __xtask_complete
    set -l binary (__xtask_find); or return
    set -l before (__xtask_words)
    set -l current (commandline -ct)
    set -l lines ($binary __complete fish -- $before "$current" 2>/dev/null </dev/null)
    set -l kind $lines[1]
    set -e lines[1]
    # What stands before a path in the same word is no part of it.
    set -l prefix (string match -r -- '^--[^=]*=' "$current"; or echo)
    set -l path (string replace -r -- '^--[^=]*=' '' "$current")
    switch "$kind"
        case words
            set -q lines[1]; and printf '%s\n' $lines
        case files
            printf '%s\n' $prefix(__fish_complete_path "$path")
        case directories
            printf '%s\n' $prefix(__fish_complete_directories "$path")
    end
end

complete -c cargo -n __xtask_wanted -f -k -a '(__xtask_complete)'
complete -c xtask -n __xtask_wanted -f -k -a '(__xtask_complete)'
