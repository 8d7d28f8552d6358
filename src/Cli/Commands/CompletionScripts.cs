using System.Text;

namespace ECapture.Cli.Commands;

/// <summary>Completion scripts of shells. Behind an option that takes a value, and where nothing else fits, files are completed.</summary>
internal static class CompletionScripts
{
    internal static string Bash(IReadOnlyList<CompletionEntry> entries) =>
        "# bash completion for ecapture; made by `ecapture completion bash`\n" + Words(entries) + """
        _ecapture() {
            local current=${COMP_WORDS[COMP_CWORD]} path='' word
            for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                if [[ $word != -* ]] && _ecapture_words "${path:+$path }$word" >/dev/null; then
                    path=${path:+$path }$word
                fi
            done
            mapfile -t COMPREPLY < <(compgen -W "$(_ecapture_words "$path")" -- "$current")
        }
        complete -o default -F _ecapture ecapture

        """.ReplaceLineEndings("\n");

    internal static string Zsh(IReadOnlyList<CompletionEntry> entries) =>
        "#compdef ecapture\n# zsh completion for ecapture; made by `ecapture completion zsh`\n" + Words(entries) + """
        _ecapture() {
            local word_path='' word
            for word in "${(@)words[2,CURRENT-1]}"; do
                if [[ $word != -* ]] && _ecapture_words "${word_path:+$word_path }$word" >/dev/null; then
                    word_path="${word_path:+$word_path }$word"
                fi
            done
            compadd -- $(_ecapture_words "$word_path") || _files
        }
        if [ "$funcstack[1]" = "_ecapture" ]; then _ecapture "$@"; else compdef _ecapture ecapture; fi

        """.ReplaceLineEndings("\n");

    internal static string Fish(IReadOnlyList<CompletionEntry> entries)
    {
        StringBuilder script = new("# fish completion for ecapture; made by `ecapture completion fish`\n");
        foreach (CompletionEntry entry in entries)
        {
            string[] path = entry.Path.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string condition = path.Length == 0 ? "__fish_use_subcommand" : string.Join("; and ", path.Select(p => $"__fish_seen_subcommand_from {p}"));
            foreach ((string name, string description) in entry.Commands)
            {
                script.Append($"complete -c ecapture -f -n {Quoted(condition)} -a {name} -d {Quoted(description)}\n");
            }

            foreach ((string name, string description) in entry.Options)
            {
                string kind = name.StartsWith("--", StringComparison.Ordinal) ? "-l" : "-s";
                script.Append($"complete -c ecapture -n {Quoted(condition)} {kind} {name.TrimStart('-')} -d {Quoted(description)}\n");
            }
        }

        return script.ToString();
    }

    // A function that prints what may follow the words of a command, and fails for words that are none.
    private static string Words(IReadOnlyList<CompletionEntry> entries)
    {
        StringBuilder script = new("_ecapture_words() {\n    case $1 in\n");
        foreach (CompletionEntry entry in entries)
        {
            IEnumerable<string> words = entry.Commands.Concat(entry.Options).Select(w => w.Name).Distinct();
            script.Append($"    {Quoted(entry.Path)}) echo {Quoted(string.Join(' ', words))} ;;\n");
        }

        return script.Append("    *) return 1 ;;\n    esac\n}\n").ToString();
    }

    private static string Quoted(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
