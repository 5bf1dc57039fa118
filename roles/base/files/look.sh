# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Says what is there, a line each, in columns divided by tabs. Only reads. What is asked for:
#   PATH          PATH, mode, owner, "writable" where this process may write to it; no line where it is not there
#   text:PATH     the same, and in a fifth column its text in base64
#   kernel:KEY    kernel:KEY, and the value that the kernel has now
tab=$(printf '\t')
for asked; do
  case $asked in
    kernel:*)
      if [ -x /usr/sbin/sysctl ]; then
        printf '%s\t%s\n' "$asked" "$(/usr/sbin/sysctl --ignore --values "${asked#kernel:}" 2> /dev/null)"
      fi
      ;;
    *)
      path=${asked#text:}
      if [ -e "$path" ]; then
        text=$([ "$path" = "$asked" ] || base64 --wrap=0 "$path")
        writable=$([ ! -w "$path" ] || echo writable)
        printf '%s\t%s\t%s\t%s\n' "$path" "$(stat --dereference --format="%A$tab%U" "$path")" "$writable" "$text"
      fi
      ;;
  esac
done
for list in /var/lib/apt/lists/*_Packages*; do
  if [ -e "$list" ]; then
    printf 'lists of packages\tthere\n'
  fi
  break
done
