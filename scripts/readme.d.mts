export declare function rerun(readme: string): string
export declare function withoutChance(text: string): string
