"""Man pages from the argument definitions that `divergence --experimental-dump-help` prints."""


def escaped(text):
    """A text as roff takes it: no line of it is a command."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.splitlines())


def spelled(argument):
    """`--layer <layer>`, `-h, --help`, `<store>`."""
    value = argument.get("valueName", "")
    if argument["kind"] == "positional":
        return f"<{value}>" + (" …" if argument["isRepeating"] else "")
    names = sorted(("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"])
    return ", ".join(sorted(names, key=len)) + (f" <{value}>" if argument["kind"] == "option" else "")


def synopsis(name, arguments, subcommands):
    parts = ["<command> …"] if subcommands else []
    for argument in arguments:
        if argument["kind"] == "flag" and any(one["name"] in ("help", "version") for one in argument["names"]):
            continue
        text = spelled(argument).split(", ")[-1]
        parts.append(f"[{text}]" if argument["isOptional"] else text)
    return f".B {escaped(name)}\n{escaped(' '.join(parts))}"


def page(title, name, command, version, see, subcommands=()):
    """`subcommands`: a title and an abstract each."""
    arguments = [argument for argument in command.get("arguments", []) if argument["shouldDisplay"]]
    lines = [
        f'.TH {title.upper()} 1 "" "divergence {version}" "Neural Divergence"', ".SH NAME",
        f"{title} \\- {escaped(command['abstract'].rstrip('.'))}", ".SH SYNOPSIS", synopsis(name, arguments, subcommands),
    ]  # fmt: skip
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", escaped(command["discussion"])]
    if subcommands:
        lines.append(".SH COMMANDS")
    for one, abstract in subcommands:
        lines += [".TP", f"\\%\\fB{escaped(one)}\\fR(1)", escaped(abstract)]
    if arguments:
        lines.append(".SH OPTIONS")
    for argument in arguments:
        default = f" The default is {argument['defaultValue']}." if argument.get("defaultValue") and "default" not in argument.get("abstract", "") else ""
        lines += [".TP", f".B {escaped(spelled(argument))}", escaped(argument.get("abstract", "") + default)]
    lines += [".SH SEE ALSO", ", ".join(f"\\%\\fB{escaped(one)}\\fR(1)" for one in see)]
    return "\n".join(lines) + "\n"


def pages(command, version):
    """`{"divergence-rows": roff}` of the program and of each of its subcommands.

    >>> sorted(pages({"commandName": "a", "abstract": "A.", "subcommands": [{"commandName": "b", "abstract": "B."}]}, "1"))
    ['a', 'a-b']
    """
    name = command["commandName"]
    subcommands = [one for one in command["subcommands"] if one["commandName"] != "help" and one.get("shouldDisplay", True)]
    names = [f"{name}-{one['commandName']}" for one in subcommands]
    found = {name: page(name, name, command, version, names, [(title, one["abstract"]) for one, title in zip(subcommands, names)])}
    for one, title in zip(subcommands, names):
        found[title] = page(title, f"{name} {one['commandName']}", one, version, [name, *(other for other in names if other != title)])
    return found
