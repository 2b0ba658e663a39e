"""The charts of the pages."""


def bars(names, columns, ours):
    """Columns of bars, each with a title, values and their form, as SVG that reads on light and dark pages. The bars of what
    begins with `ours` stand out.
    """
    top, height, left, width = 44, 26, 190, 190
    lines = []
    for column, (title, values, form) in enumerate(columns):
        x = left + column * (width + 90)
        lines.append(f'<text x="{x}" y="28" font-weight="bold">{title}</text>')
        for line, (name, value) in enumerate(zip(names, values)):
            y = top + line * height
            colour = "#d9480f" if name.startswith(ours) else "#868e96"
            lines.append(f'<rect x="{x}" y="{y}" width="{max(1, value / max(values) * width):.0f}" height="16" fill="{colour}"/>')
            lines.append(f'<text x="{x + value / max(values) * width + 6:.0f}" y="{y + 13}">{form.format(value)}</text>')
            if column == 0:
                lines.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{name}</text>')
    total = top + len(names) * height + 8
    style = "text{font:13px sans-serif;fill:#495057}@media(prefers-color-scheme:dark){text{fill:#dee2e6}}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + len(columns) * (width + 90) - 20} {total}"><style>{style}</style>\n' + "\n".join(lines) + "\n</svg>\n"
