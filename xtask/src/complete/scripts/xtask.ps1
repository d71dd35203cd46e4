# Completion of `cargo xtask …`, and of a plain `xtask …`, for PowerShell. Printed by `cargo xtask completions powershell`.
#
# It asks the xtask that the project around the current directory built last. It starts no cargo and builds nothing. All
# other calls of cargo are completed by what completed them before.

# The project's xtask. One that is older than the code of the completion does not know it yet.
function Find-XtaskForCompletion {
    for ($dir = $PWD.ProviderPath; $dir; $dir = Split-Path -Parent $dir) {
        if (-not (Test-Path -LiteralPath (Join-Path $dir 'xtask/Cargo.toml') -PathType Leaf)) { continue }
        $code = Get-Item -LiteralPath (Join-Path $dir 'xtask/src/complete/mod.rs') -ErrorAction Ignore
        if (-not $code) { return }
        $target = Join-Path $dir 'target'
        if ($env:CARGO_BUILD_TARGET_DIR) { $target = $env:CARGO_BUILD_TARGET_DIR }
        if ($env:CARGO_TARGET_DIR) { $target = $env:CARGO_TARGET_DIR }
        return 'debug/xtask', 'debug/xtask.exe', 'release/xtask', 'release/xtask.exe' |
            ForEach-Object { Get-Item -LiteralPath (Join-Path $target $_) -ErrorAction Ignore } |
            Where-Object { -not $_.PSIsContainer -and $_.LastWriteTime -gt $code.LastWriteTime } |
            Sort-Object LastWriteTime | Select-Object -Last 1 -ExpandProperty FullName
    }
}

# What completed cargo before. PowerShell has no public way to ask.
$XtaskCompletedBefore = & {
    try {
        $field = $ExecutionContext.GetType().GetField('_context', [Reflection.BindingFlags]'NonPublic, Instance')
        $context = $field.GetValue($ExecutionContext)
        $property = $context.GetType().GetProperty(
            'NativeArgumentCompleters', [Reflection.BindingFlags]'NonPublic, Instance')
        $property.GetValue($context)['cargo']
    } catch { $null }
}

Register-ArgumentCompleter -Native -CommandName cargo, xtask -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($null -ne $_.Value) { [string]$_.Value } else { $_.Extent.Text } })
    $first = 0
    if ($words -and $words[0] -notmatch '(^|[\\/])xtask(\.exe)?$') {
        for ($first = 1; $first -lt $words.Count -and $words[$first] -ne 'xtask'; $first++) {
            if ($words[$first] -cin '--color', '--config', '-C', '-Z') { $first++ }
            elseif ($words[$first] -notmatch '^[-+]') { $first = $words.Count }
        }
    }
    $xtask = if ($first -lt $words.Count) { Find-XtaskForCompletion }
    if (-not $xtask) {
        if ($XtaskCompletedBefore) { & $XtaskCompletedBefore $wordToComplete $commandAst $cursorPosition }
        return
    }
    # An empty argument would be lost on the way in older versions, so it is written as a quoted one.
    $current = if ($wordToComplete) { $wordToComplete.Trim("'", '"') } elseif ($PSVersionTable.PSVersion -lt [version]'7.3') { '""' } else { '' }
    $before = if ($first + 1 -lt $words.Count) { $words[($first + 1)..($words.Count - 1)] } else { @() }
    $kind, $lines = & $xtask __complete powershell '--' @before $current 2>$null
    # For paths PowerShell itself completes what gets no answer here.
    if ($kind -ne 'words') { return }
    $lines | Where-Object { $_ } | ForEach-Object {
        $value, $about = $_ -split "`t", 2
        $text = if ($value -match '[\s''"`$;|&(){}<>@#,]') { "'" + $value.Replace("'", "''") + "'" } else { $value }
        $tip = if ($about) { $about } else { $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $tip)
    }
}
