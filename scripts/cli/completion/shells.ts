/** The shells that there is a script for. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

export type Shell = (typeof SHELLS)[number];

export function isShell(word: string): word is Shell {
  return SHELLS.some((shell) => shell === word);
}

/** How each script is installed. */
export const INSTALL: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['bff-iat completion bash >> ~/.bashrc'],
  zsh: ['bff-iat completion zsh >> ~/.zshrc'],
  fish: ['mkdir -p ~/.config/fish/completions', 'bff-iat completion fish > ~/.config/fish/completions/bff-iat.fish'],
  powershell: [
    'if (!(Test-Path $PROFILE)) { New-Item -Force $PROFILE }',
    'bff-iat completion powershell | Add-Content $PROFILE',
  ],
};

/** The text as it stands here, in which `$\\{` is what a shell has without the backslash. */
function script(text: TemplateStringsArray): string {
  return String.raw(text).replaceAll('$\\{', '${');
}

/**
 * What a shell reads at its start. Everything that may change is asked for at each press of Tab, so a script that was installed
 * once stays right. The scripts are plain ASCII, never evaluate what they were given, and say nothing on the prompt: what is typed and
 * what is answered are words of somebody else.
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // Also for bash 3.2, which macOS has: it has no mapfile, and no compopt.
  bash: script`# Completion of bff-iat in bash, by: bff-iat completion bash
_bff_iat() {
  local program=bff-iat reply line kind=
  [[ $1 == */* && -f $1 && -x $1 ]] && program=$1
  COMPREPLY=()
  reply=$(exec 2>/dev/null </dev/null; "$program" completion --words bash "$\{COMP_LINE:0:COMP_POINT}" "$2")
  while IFS= read -r line; do
    if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
  done <<<"$reply"
  # Without an answer bash completes paths.
  case $kind in
    files) ;;
    folders) compopt +o default +o bashdefault -o dirnames 2>/dev/null ;;
    *) compopt +o default +o bashdefault 2>/dev/null ;;
  esac
  return 0
}
complete -o bashdefault -o default -F _bff_iat bff-iat
`,
  zsh: script`#compdef bff-iat
# Completion of bff-iat in zsh, by: bff-iat completion zsh
_bff_iat() {
  local program=bff-iat called=$\{(Q)words[1]} reply line value
  local -i width=0
  local -a lines values shown
  [[ $called == */* && -f $called && -x $called ]] && program=$called
  reply=$(exec 2>/dev/null </dev/null; "$program" completion --words zsh "$\{(@Q)words[1,CURRENT-1]}" "$\{(Q)PREFIX}")
  lines=("$\{(@f)reply}")
  case $lines[1] in
    files|folders)
      [[ $PREFIX == --*=* ]] && compset -P 1 '*='
      if [[ $lines[1] == files ]]; then _files; else _files -/; fi
      return ;;
    words) ;;
    *) return 1 ;;
  esac
  for line in "$\{(@)lines[2,-1]}"; do
    [[ -n $line ]] || continue
    value=$\{line%%$'\t'*}
    values+=("$value")
    (( $#value > width )) && width=$#value
  done
  for line in "$\{(@)lines[2,-1]}"; do
    [[ -n $line ]] || continue
    value=$\{line%%$'\t'*}
    [[ $line == *$'\t'* ]] && value="$\{(r:width:)value}  $\{line#*$'\t'}"
    shown+=("$\{value[1,COLUMNS-1]}")
  done
  if [[ $reply == *$'\t'* ]]; then
    compadd -V bff-iat -l -d shown -a values
  else
    compadd -V bff-iat -a values
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
if [[ $funcstack[1] == _bff-iat ]]; then _bff_iat "$@"; else compdef _bff_iat bff-iat; fi
`,
  fish: script`# Completion of bff-iat in fish, by: bff-iat completion fish
function __bff_iat_words
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program bff-iat
    if string match -q -- '*/*' $words[1]; and test -f $words[1]; and test -x $words[1]
        set program $words[1]
    end
    set -l reply ($program completion --words fish $words (string unescape -- "$current"; or echo -- "$current") 2>/dev/null </dev/null)
    set -l kind "$reply[1]"
    set -e reply[1]
    switch $kind
        case words
            test (count $reply) -gt 0; and printf '%s\n' $reply
        case files folders
            set -l option (string match -r -- '^--[^=]+=' "$current")
            set -l path (string replace -r -- '^--[^=]+=' '' "$current")
            if test $kind = files
                set reply (__fish_complete_path "$path")
            else
                set reply (__fish_complete_directories "$path")
            end
            for each in $reply
                printf '%s\n' "$option$each"
            end
    end
end
complete -c bff-iat -f -k -a '(__bff_iat_words)'
`,
  // The words go as one argument of letters and digits: PowerShell before 7.3 and cmd.exe read quotes and signs in arguments again.
  powershell: script`# Completion of bff-iat in PowerShell, by: bff-iat completion powershell
Register-ArgumentCompleter -Native -CommandName bff-iat -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @()
    $current = ''
    foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.StartOffset -ge $cursorPosition) { break }
        $text = $element.Extent.Text
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $text = $element.Value }
        if ($element.Extent.EndOffset -ge $cursorPosition) { $current = $text } else { $words += $text }
    }
    $line = ($words + $current) -join [char]10
    $code = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($line))
    try {
        foreach ($each in (bff-iat completion --words powershell $code 2>$null | ConvertFrom-Json)) {
            [System.Management.Automation.CompletionResult]::new($each.text, $each.word, 'ParameterValue', $each.about)
        }
    } catch { }
}
`,
};
