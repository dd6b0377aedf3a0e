/** The globin families, told by how the names of SwissProt begin, in colours of Okabe and Ito. */
export const FAMILIES = [
  { prefix: /^MYG/, name: 'myoglobins', colour: '#d55e00' },
  { prefix: /^HBA/, name: 'haemoglobin, α and its kin', colour: '#0072b2' },
  { prefix: /^HB[BE]/, name: 'haemoglobin, β and its kin', colour: '#cc79a7' },
] as const;

export function familyColour(sequenceName: string): string {
  return FAMILIES.find(({ prefix }) => prefix.test(sequenceName))?.colour ?? '#999999';
}
