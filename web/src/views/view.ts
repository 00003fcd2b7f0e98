/** view.ts -- what a view is: a page's content that is kept up to date until another takes its place. */

export interface View {
    element: HTMLElement;
    /** After news or a change of the address; at most once a screen frame. True: there is more to show
     *  than one frame should take, and it wants to be called again in the next. */
    update(): boolean | void;
    close(): void;
}
